-- SPDX-License-Identifier: Apache-2.0
-- Further ways to sign in: passkeys, and the number of an officer at the sign-in service of the own agency.

CREATE TABLE passkey (
    id BLOB PRIMARY KEY CHECK (length(id) BETWEEN 16 AND 1023),
    officer TEXT NOT NULL REFERENCES account (officer),
    public_key BLOB NOT NULL,
    signs INTEGER NOT NULL CHECK (signs >= 0),
    added_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_by_officer ON passkey (officer, added_at);

CREATE TRIGGER passkey_fixed BEFORE UPDATE OF id, officer, public_key, added_at ON passkey
BEGIN SELECT RAISE(ABORT, 'append-only: a passkey keeps its officer and its key'); END;

CREATE TABLE outside_name (
    officer TEXT PRIMARY KEY REFERENCES account (officer),
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),  -- SHA-256 of issuer and subject
    set_by TEXT NOT NULL,
    set_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
