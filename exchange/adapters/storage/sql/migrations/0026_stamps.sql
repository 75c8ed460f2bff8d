-- SPDX-License-Identifier: Apache-2.0
-- Time stamps over heads of our own logs, as they came; they only grow.

CREATE TABLE stamp (
    log INTEGER NOT NULL REFERENCES log (no),
    size INTEGER NOT NULL CHECK (size > 0),
    tsa TEXT NOT NULL,
    reply BLOB NOT NULL CHECK (length(reply) <= 65536),
    at INTEGER NOT NULL,  -- the time that the stamp says
    PRIMARY KEY (log, size, tsa)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER stamp_new BEFORE INSERT ON stamp
WHEN EXISTS (SELECT 1 FROM stamp WHERE log = NEW.log AND size = NEW.size AND tsa = NEW.tsa)
BEGIN SELECT RAISE(ABORT, 'append-only: a head has one stamp of an authority'); END;
CREATE TRIGGER stamp_stays BEFORE UPDATE ON stamp
BEGIN SELECT RAISE(ABORT, 'append-only: a time stamp never changes'); END;
CREATE TRIGGER stamp_is_kept BEFORE DELETE ON stamp
BEGIN SELECT RAISE(ABORT, 'append-only: a time stamp is kept'); END;
