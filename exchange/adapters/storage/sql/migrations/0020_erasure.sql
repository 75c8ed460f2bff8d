-- SPDX-License-Identifier: Apache-2.0
-- Erasing: proposals of one person, legal holds, what was erased, and what partners said that they erased.
--
-- No code in clear: a case is named by the number of its file, or by the keyed token of its code.

CREATE TABLE proposal (
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    act TEXT NOT NULL CHECK (act IN ('erase', 'hold', 'unhold')),
    reason TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    proposed_by TEXT NOT NULL,
    proposed_at INTEGER NOT NULL,
    PRIMARY KEY (case_file, act)
) STRICT, WITHOUT ROWID;

CREATE TABLE legal_hold (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    token BLOB NOT NULL CHECK (length(token) = 16),  -- of the code of the case
    reason TEXT NOT NULL,
    placed_by TEXT NOT NULL,
    placed_with TEXT NOT NULL,
    placed_at INTEGER NOT NULL,
    lifted_by TEXT,
    lifted_with TEXT,
    lifted_at INTEGER,
    CHECK (placed_by <> placed_with AND lifted_by <> lifted_with),
    CHECK ((lifted_by IS NULL) = (lifted_at IS NULL) AND (lifted_with IS NULL) = (lifted_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX legal_hold_now ON legal_hold (token, link) WHERE lifted_at IS NULL;

CREATE TRIGGER legal_hold_next BEFORE INSERT ON legal_hold
WHEN NEW.no <> (SELECT coalesce(max(no), 0) + 1 FROM legal_hold) OR NEW.lifted_at IS NOT NULL
    OR EXISTS (
        SELECT 1 FROM legal_hold WHERE token = NEW.token AND link = NEW.link AND lifted_at IS NULL
    )
BEGIN SELECT RAISE(ABORT, 'append-only: not the next hold, or the case is held already'); END;

CREATE TRIGGER legal_hold_fixed BEFORE UPDATE ON legal_hold
WHEN OLD.lifted_at IS NOT NULL OR NEW.no <> OLD.no OR NEW.link <> OLD.link OR NEW.token <> OLD.token
    OR NEW.reason <> OLD.reason OR NEW.placed_by <> OLD.placed_by OR NEW.placed_with <> OLD.placed_with
    OR NEW.placed_at <> OLD.placed_at
BEGIN SELECT RAISE(ABORT, 'append-only: a hold is lifted once and never changes'); END;

CREATE TRIGGER legal_hold_kept BEFORE DELETE ON legal_hold
BEGIN SELECT RAISE(ABORT, 'append-only: a hold is never deleted'); END;

CREATE TABLE erasure (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    reason TEXT NOT NULL,
    is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),  -- the partner had it, too
    mark BLOB CHECK (mark IS NULL OR length(mark) = 32),  -- until our log has said it
    erased_by TEXT NOT NULL,
    erased_with TEXT NOT NULL,
    erased_at INTEGER NOT NULL,
    said_index INTEGER,
    CHECK (erased_by <> erased_with)
) STRICT;

CREATE INDEX erasure_shared ON erasure (link) WHERE is_shared = 1;
CREATE INDEX erasure_unsaid ON erasure (link, erased_at) WHERE mark IS NOT NULL;

CREATE TRIGGER erasure_next BEFORE INSERT ON erasure
WHEN NEW.no <> (SELECT coalesce(max(no), 0) + 1 FROM erasure)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next erasure'); END;

CREATE TRIGGER erasure_fixed BEFORE UPDATE ON erasure
WHEN OLD.said_index IS NOT NULL OR NEW.no <> OLD.no OR NEW.link <> OLD.link OR NEW.reason <> OLD.reason
    OR NEW.is_shared <> OLD.is_shared OR NEW.erased_by <> OLD.erased_by
    OR NEW.erased_with <> OLD.erased_with OR NEW.erased_at <> OLD.erased_at OR NEW.mark IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'append-only: an erasure is said once and never changes'); END;

CREATE TRIGGER erasure_kept BEFORE DELETE ON erasure
BEGIN SELECT RAISE(ABORT, 'append-only: an erasure is never deleted'); END;

CREATE TABLE heard_erasure (
    link INTEGER NOT NULL REFERENCES link (no),
    epoch INTEGER NOT NULL,
    leaf_index INTEGER NOT NULL,
    n INTEGER NOT NULL CHECK (n >= 1),
    dg BLOB NOT NULL CHECK (length(dg) = 32),
    at INTEGER NOT NULL,
    PRIMARY KEY (link, epoch, leaf_index)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER heard_erasure_new BEFORE INSERT ON heard_erasure
WHEN EXISTS (
    SELECT 1 FROM heard_erasure
    WHERE link = NEW.link AND epoch = NEW.epoch AND leaf_index = NEW.leaf_index
)
BEGIN SELECT RAISE(ABORT, 'append-only: this entry of the partner is known'); END;

CREATE TRIGGER heard_erasure_fixed BEFORE UPDATE ON heard_erasure
BEGIN SELECT RAISE(ABORT, 'append-only: an entry of the partner never changes'); END;

CREATE TRIGGER heard_erasure_kept BEFORE DELETE ON heard_erasure
BEGIN SELECT RAISE(ABORT, 'append-only: an entry of the partner is never deleted'); END;
