-- SPDX-License-Identifier: Apache-2.0
-- Accounts of the desk, sign-ins, and messages being written on its pages.

CREATE TABLE account (
    officer TEXT PRIMARY KEY REFERENCES officer (number),
    key INTEGER NOT NULL,
    roles TEXT NOT NULL,
    language TEXT NOT NULL,
    secrets BLOB NOT NULL,  -- hash of the password and secret of the codes, sealed
    code_step INTEGER NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    closed_at INTEGER
) STRICT;

CREATE TRIGGER account_fixed BEFORE UPDATE OF officer, key, opened_at ON account
BEGIN SELECT RAISE(ABORT, 'append-only: an account keeps its officer'); END;

CREATE TRIGGER account_kept BEFORE DELETE ON account
BEGIN SELECT RAISE(ABORT, 'append-only: an account is closed, never deleted'); END;

CREATE TABLE session (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),  -- SHA-256 of the token
    officer TEXT NOT NULL REFERENCES account (officer),
    began_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_officer ON session (officer);
CREATE INDEX session_by_age ON session (began_at);

CREATE TABLE form (
    id BLOB PRIMARY KEY CHECK (length(id) = 16),
    key INTEGER NOT NULL,
    link INTEGER NOT NULL REFERENCES link (no),
    officer TEXT NOT NULL REFERENCES officer (number),
    type TEXT NOT NULL,
    content BLOB NOT NULL,  -- sealed
    version INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX form_by_officer ON form (officer, changed_at);
