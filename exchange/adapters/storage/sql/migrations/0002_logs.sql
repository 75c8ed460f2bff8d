-- SPDX-License-Identifier: Apache-2.0
-- Own logs and full copies of the partners' logs, their heads and cosignatures. Everything only grows.

CREATE TABLE log (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    writer TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    size INTEGER NOT NULL CHECK (size >= 0),
    peaks BLOB NOT NULL CHECK (length(peaks) % 32 = 0),
    UNIQUE (link, writer, epoch)
) STRICT;

CREATE TRIGGER log_new BEFORE INSERT ON log
WHEN NEW.size <> 0
    OR NEW.epoch <= (SELECT max(epoch) FROM log WHERE link = NEW.link AND writer = NEW.writer)
    OR EXISTS (SELECT 1 FROM log WHERE no = NEW.no)
BEGIN SELECT RAISE(ABORT, 'append-only: a log begins empty, in a new epoch'); END;

CREATE TRIGGER log_fixed BEFORE UPDATE OF no, link, writer, epoch ON log
BEGIN SELECT RAISE(ABORT, 'append-only: a log keeps its name'); END;

CREATE TRIGGER log_grows BEFORE UPDATE OF size, peaks ON log
WHEN NEW.size <= OLD.size
BEGIN SELECT RAISE(ABORT, 'append-only: a log only grows'); END;

CREATE TRIGGER log_kept BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'append-only: a log is never deleted'); END;

CREATE TABLE leaf (
    log INTEGER NOT NULL REFERENCES log (no),
    i INTEGER NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (log, i)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER leaf_next BEFORE INSERT ON leaf
WHEN NEW.i <> (SELECT coalesce(max(i), -1) + 1 FROM leaf WHERE log = NEW.log)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next leaf of this log'); END;

CREATE TRIGGER leaf_fixed BEFORE UPDATE ON leaf
BEGIN SELECT RAISE(ABORT, 'append-only: a leaf never changes'); END;

CREATE TRIGGER leaf_kept BEFORE DELETE ON leaf
BEGIN SELECT RAISE(ABORT, 'append-only: a leaf is never deleted'); END;

CREATE TABLE head (
    log INTEGER NOT NULL REFERENCES log (no),
    size INTEGER NOT NULL CHECK (size > 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER head_larger BEFORE INSERT ON head
WHEN NEW.size <= (SELECT max(size) FROM head WHERE log = NEW.log)
BEGIN SELECT RAISE(ABORT, 'append-only: a head must be larger than the kept ones'); END;

CREATE TRIGGER head_fixed BEFORE UPDATE ON head
BEGIN SELECT RAISE(ABORT, 'append-only: a head never changes'); END;

CREATE TRIGGER head_kept BEFORE DELETE ON head
BEGIN SELECT RAISE(ABORT, 'append-only: a head is never deleted'); END;

CREATE TABLE cosignature (
    log INTEGER NOT NULL REFERENCES log (no),
    size INTEGER NOT NULL CHECK (size > 0),
    note TEXT NOT NULL,
    PRIMARY KEY (log, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER cosignature_larger BEFORE INSERT ON cosignature
WHEN NEW.size <= (SELECT max(size) FROM cosignature WHERE log = NEW.log)
BEGIN SELECT RAISE(ABORT, 'append-only: a cosignature must cover more than the kept ones'); END;

CREATE TRIGGER cosignature_fixed BEFORE UPDATE ON cosignature
BEGIN SELECT RAISE(ABORT, 'append-only: a cosignature never changes'); END;

CREATE TRIGGER cosignature_kept BEFORE DELETE ON cosignature
BEGIN SELECT RAISE(ABORT, 'append-only: a cosignature is never deleted'); END;
