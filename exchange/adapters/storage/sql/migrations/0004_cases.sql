-- SPDX-License-Identifier: Apache-2.0
-- Case files (who may be looked up, under which key), parts of bodies, states and events of cases.

CREATE TABLE case_file (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    key INTEGER NOT NULL,
    code BLOB,  -- sealed under the key of the case; NULL after erasure, as are the tokens
    token BLOB CHECK (token IS NULL OR length(token) = 16),
    group_token BLOB CHECK (group_token IS NULL OR length(group_token) = 16)
) STRICT;

CREATE UNIQUE INDEX case_file_by_token ON case_file (token, link) WHERE token IS NOT NULL;
CREATE INDEX case_file_by_group ON case_file (group_token) WHERE group_token IS NOT NULL;

-- Parts are numbered message * 65536 + part. They may go after their key was destroyed.
CREATE TABLE part (
    place INTEGER PRIMARY KEY,
    case_file INTEGER REFERENCES case_file (no),
    raw BLOB NOT NULL
) STRICT;

CREATE INDEX part_by_case ON part (case_file) WHERE case_file IS NOT NULL;

CREATE TRIGGER part_new BEFORE INSERT ON part
WHEN EXISTS (SELECT 1 FROM part WHERE place = NEW.place)
    OR NOT EXISTS (SELECT 1 FROM message WHERE no = NEW.place >> 16)
BEGIN SELECT RAISE(ABORT, 'append-only: this part exists, or its message does not'); END;

CREATE TRIGGER part_fixed BEFORE UPDATE ON part
BEGIN SELECT RAISE(ABORT, 'append-only: a part never changes'); END;

CREATE TABLE case_state (
    case_file INTEGER PRIMARY KEY REFERENCES case_file (no),
    link INTEGER NOT NULL REFERENCES link (no),
    host TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    snapshot BLOB NOT NULL,  -- sealed under the key of the case
    provisional INTEGER NOT NULL CHECK (provisional >= 0),
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX case_state_by_change ON case_state (changed_at);
CREATE INDEX case_state_by_link ON case_state (link, changed_at);

CREATE TABLE case_event (
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    n INTEGER NOT NULL,
    link INTEGER NOT NULL REFERENCES link (no),
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    seq INTEGER NOT NULL,
    message BLOB NOT NULL CHECK (length(message) = 16),
    type TEXT NOT NULL,
    state_before TEXT NOT NULL,
    state_after TEXT NOT NULL,
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    at INTEGER NOT NULL,
    implied TEXT NOT NULL,  -- rows without a message that were taken before, separated by commas
    PRIMARY KEY (case_file, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_event_by_message ON case_event (link, direction, seq);

CREATE TRIGGER case_event_next BEFORE INSERT ON case_event
WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM case_event WHERE case_file = NEW.case_file)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next event of this case'); END;

CREATE TRIGGER case_event_fixed BEFORE UPDATE ON case_event
BEGIN SELECT RAISE(ABORT, 'append-only: a case event never changes'); END;

CREATE TRIGGER case_event_kept BEFORE DELETE ON case_event
BEGIN SELECT RAISE(ABORT, 'append-only: a case event is never deleted'); END;
