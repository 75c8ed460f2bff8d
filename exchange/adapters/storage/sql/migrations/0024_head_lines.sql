-- SPDX-License-Identifier: Apache-2.0
-- Second signature lines over heads, of our own logs and of the copies; one a head, kept for ever.

CREATE TABLE head_line (
    log INTEGER NOT NULL REFERENCES log (no),
    size INTEGER NOT NULL CHECK (size > 0),
    line TEXT NOT NULL CHECK (length(line) <= 4096),
    at INTEGER NOT NULL,
    PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER head_line_new BEFORE INSERT ON head_line
WHEN EXISTS (SELECT 1 FROM head_line WHERE log = NEW.log AND size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'append-only: a head has one second signature'); END;
CREATE TRIGGER head_line_stays BEFORE UPDATE ON head_line
BEGIN SELECT RAISE(ABORT, 'append-only: a signature line never changes'); END;
CREATE TRIGGER head_line_is_kept BEFORE DELETE ON head_line
BEGIN SELECT RAISE(ABORT, 'append-only: a signature line is kept'); END;
