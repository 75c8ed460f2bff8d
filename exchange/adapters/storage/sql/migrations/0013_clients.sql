-- SPDX-License-Identifier: Apache-2.0
-- Client systems of the staff API, and what is kept of their writes so that none is done twice.

CREATE TABLE client (
    name TEXT PRIMARY KEY,
    officer TEXT NOT NULL REFERENCES officer (number),
    roles TEXT NOT NULL,
    token BLOB NOT NULL CHECK (length(token) = 32),  -- SHA-256 of the secret
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;

CREATE TRIGGER client_new BEFORE INSERT ON client
WHEN EXISTS (SELECT 1 FROM client WHERE name = NEW.name)
    OR EXISTS (SELECT 1 FROM client WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append-only: this client name is used'); END;

CREATE TRIGGER client_fixed BEFORE UPDATE OF name, officer, roles, token, made_at, expires_at ON client
BEGIN SELECT RAISE(ABORT, 'append-only: a client only ends'); END;

CREATE TRIGGER client_kept BEFORE DELETE ON client
BEGIN SELECT RAISE(ABORT, 'append-only: a client name is never deleted'); END;

CREATE TABLE kept_answer (
    client TEXT NOT NULL REFERENCES client (name),
    key BLOB NOT NULL CHECK (length(key) = 32),  -- keyed digest of what the client sent as key
    request BLOB NOT NULL CHECK (length(request) = 32),  -- keyed digest of the request
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'answered')),
    answer BLOB,  -- sealed
    begun_at INTEGER NOT NULL,
    PRIMARY KEY (client, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_answer_age ON kept_answer (begun_at);
