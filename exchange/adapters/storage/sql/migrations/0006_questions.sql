-- SPDX-License-Identifier: Apache-2.0
-- Messages that wait for an answer, a row for each case of them; only what is open lies here.

CREATE TABLE question (
    link INTEGER NOT NULL REFERENCES link (no),
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    seq INTEGER NOT NULL,
    case_file INTEGER NOT NULL,  -- 0 when the message names no case
    type TEXT NOT NULL,
    urgency TEXT NOT NULL,
    effective INTEGER NOT NULL CHECK (effective IN (0, 1)),  -- the recipient accepted it
    reply INTEGER,  -- number of our own answer that has no verdict yet
    PRIMARY KEY (link, direction, seq, case_file)
) STRICT, WITHOUT ROWID;

CREATE INDEX question_by_case ON question (case_file) WHERE case_file > 0;
CREATE INDEX question_by_reply ON question (link, reply) WHERE reply IS NOT NULL;
