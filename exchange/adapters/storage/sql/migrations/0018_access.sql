-- SPDX-License-Identifier: Apache-2.0
-- Who may read a case: named readers, desks, openings of the last minutes, stops, openings in an emergency.

CREATE TABLE case_reader (
    n INTEGER PRIMARY KEY,
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    officer TEXT NOT NULL REFERENCES officer (number),
    proposed_by TEXT NOT NULL REFERENCES officer (number),
    proposed_at INTEGER NOT NULL,
    confirmed_by TEXT REFERENCES officer (number),
    confirmed_at INTEGER,
    ended_at INTEGER,
    CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
    CHECK (confirmed_by <> proposed_by AND confirmed_by <> officer)
) STRICT;

CREATE UNIQUE INDEX case_reader_now ON case_reader (case_file, officer) WHERE ended_at IS NULL;

CREATE TRIGGER case_reader_fixed BEFORE UPDATE OF n, case_file, officer, proposed_by, proposed_at ON case_reader
BEGIN SELECT RAISE(ABORT, 'append-only: a named reader keeps who proposed it'); END;

CREATE TRIGGER case_reader_kept BEFORE DELETE ON case_reader
BEGIN SELECT RAISE(ABORT, 'append-only: a named reader is ended, never deleted'); END;

CREATE TABLE case_desk (
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    office TEXT NOT NULL,
    given_by TEXT NOT NULL REFERENCES officer (number),
    given_at INTEGER NOT NULL,
    PRIMARY KEY (case_file, office)
) STRICT, WITHOUT ROWID;

CREATE TABLE opening (
    officer TEXT NOT NULL REFERENCES officer (number),
    token BLOB NOT NULL CHECK (length(token) = 16),  -- keyed token of what was opened
    at INTEGER NOT NULL,
    PRIMARY KEY (officer, token)
) STRICT, WITHOUT ROWID;

CREATE INDEX opening_by_age ON opening (at);

CREATE TABLE reading_stop (
    n INTEGER PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES officer (number),
    at INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    released_by TEXT REFERENCES officer (number),
    released_at INTEGER,
    CHECK ((released_by IS NULL) = (released_at IS NULL)),
    CHECK (released_by <> officer)
) STRICT;

CREATE UNIQUE INDEX reading_stop_now ON reading_stop (officer) WHERE released_by IS NULL;

CREATE TRIGGER reading_stop_fixed BEFORE UPDATE OF n, officer, at, opened ON reading_stop
BEGIN SELECT RAISE(ABORT, 'append-only: a stop keeps whom it stopped'); END;

CREATE TRIGGER reading_stop_kept BEFORE DELETE ON reading_stop
BEGIN SELECT RAISE(ABORT, 'append-only: a stop is released, never deleted'); END;

CREATE TABLE emergency_opening (
    n INTEGER PRIMARY KEY,
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    officer TEXT NOT NULL REFERENCES officer (number),
    purpose TEXT NOT NULL,
    at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    seen_by TEXT REFERENCES officer (number),
    seen_at INTEGER,
    agrees INTEGER CHECK (agrees IN (0, 1)),
    CHECK ((seen_by IS NULL) = (seen_at IS NULL) AND (seen_by IS NULL) = (agrees IS NULL)),
    CHECK (seen_by <> officer)
) STRICT;

CREATE INDEX emergency_opening_to_see ON emergency_opening (until_at) WHERE seen_by IS NULL;
CREATE INDEX emergency_opening_of ON emergency_opening (officer, case_file, at);

CREATE TRIGGER emergency_opening_fixed
BEFORE UPDATE OF n, case_file, officer, purpose, at, until_at ON emergency_opening
BEGIN SELECT RAISE(ABORT, 'append-only: an opening in an emergency never changes'); END;

CREATE TRIGGER emergency_opening_kept BEFORE DELETE ON emergency_opening
BEGIN SELECT RAISE(ABORT, 'append-only: an opening in an emergency is never deleted'); END;
