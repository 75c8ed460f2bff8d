-- SPDX-License-Identifier: Apache-2.0
-- Officers, drafts, the audit record and kept evidence.

CREATE TABLE officer (
    number TEXT PRIMARY KEY,
    key INTEGER NOT NULL,
    name BLOB NOT NULL,  -- sealed
    office TEXT NOT NULL,
    functions TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER
) STRICT;

CREATE TRIGGER officer_new BEFORE INSERT ON officer
WHEN EXISTS (SELECT 1 FROM officer WHERE number = NEW.number)
    OR EXISTS (SELECT 1 FROM officer WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append-only: this officer number is used'); END;

CREATE TRIGGER officer_fixed BEFORE UPDATE OF number, key ON officer
BEGIN SELECT RAISE(ABORT, 'append-only: an officer keeps the number'); END;

CREATE TRIGGER officer_kept BEFORE DELETE ON officer
BEGIN SELECT RAISE(ABORT, 'append-only: an officer number is never deleted'); END;

CREATE TABLE draft (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    key INTEGER NOT NULL,
    link INTEGER REFERENCES link (no),
    type TEXT NOT NULL,
    document BLOB NOT NULL,  -- digest and document, sealed
    prepared_by TEXT NOT NULL,
    approved_by TEXT,
    created_at INTEGER NOT NULL,
    waiting INTEGER NOT NULL CHECK (waiting IN (0, 1))
) STRICT;

CREATE TABLE audit (
    n INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    object BLOB NOT NULL,  -- object and purpose, sealed: an object may be a case code
    result TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_next BEFORE INSERT ON audit
WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next audit record'); END;

CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'append-only: an audit record never changes'); END;

CREATE TRIGGER audit_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'append-only: an audit record is never deleted'); END;

CREATE TABLE difference (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    copy INTEGER NOT NULL CHECK (copy BETWEEN 1 AND 3),
    reason TEXT NOT NULL,
    evidence BLOB NOT NULL,  -- sealed: evidence is kept as it came
    at INTEGER NOT NULL,
    UNIQUE (link, kind, subject, copy)
) STRICT;

CREATE TRIGGER difference_next BEFORE INSERT ON difference
WHEN NEW.copy <> (
        SELECT count(*) + 1 FROM difference
        WHERE link = NEW.link AND kind = NEW.kind AND subject = NEW.subject
    )
    OR NEW.no <> (SELECT coalesce(max(no), 0) + 1 FROM difference)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next copy of this evidence'); END;

CREATE TRIGGER difference_fixed BEFORE UPDATE ON difference
BEGIN SELECT RAISE(ABORT, 'append-only: evidence never changes'); END;

CREATE TRIGGER difference_kept BEFORE DELETE ON difference
BEGIN SELECT RAISE(ABORT, 'append-only: evidence is never deleted'); END;
