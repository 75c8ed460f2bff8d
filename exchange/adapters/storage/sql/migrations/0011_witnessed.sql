-- SPDX-License-Identifier: Apache-2.0
-- Cosignatures of witnesses over our own heads; what was witnessed only grows.

CREATE TABLE witnessed (
    log INTEGER NOT NULL REFERENCES log (no),
    witness TEXT NOT NULL,
    size INTEGER NOT NULL,
    line TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (log, witness, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER witnessed_grows BEFORE INSERT ON witnessed
WHEN NEW.size <= (SELECT max(size) FROM witnessed WHERE log = NEW.log AND witness = NEW.witness)
BEGIN SELECT RAISE(ABORT, 'append-only: what was witnessed stays'); END;
CREATE TRIGGER witnessed_stays BEFORE UPDATE ON witnessed
BEGIN SELECT RAISE(ABORT, 'append-only: what was witnessed stays'); END;
CREATE TRIGGER witnessed_is_kept BEFORE DELETE ON witnessed
BEGIN SELECT RAISE(ABORT, 'append-only: what was witnessed stays'); END;
