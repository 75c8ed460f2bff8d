-- SPDX-License-Identifier: Apache-2.0
-- The store itself, links, agreements, cards, and where the keys of a partner count.
--
-- Instants are milliseconds since 1970 UTC, digests 32 bytes, message ids 16 bytes. `key` names a data
-- key of the key store. Guards raise 'append-only: ...' and hold against INSERT OR REPLACE, too.

CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Data keys that belong to the node as a whole (audit, evidence).
CREATE TABLE node_key (
    purpose TEXT PRIMARY KEY,
    key INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Data keys that the last commits ended and the key store still has to destroy.
CREATE TABLE ended_key (
    key INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE link (
    no INTEGER PRIMARY KEY,
    link TEXT NOT NULL UNIQUE,
    partner TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('invited', 'joined', 'closed', 'open', 'frozen', 'paused')),
    agreement_n INTEGER NOT NULL,
    suite INTEGER NOT NULL,
    next_seq INTEGER NOT NULL CHECK (next_seq >= 1),
    contiguous_in INTEGER NOT NULL CHECK (contiguous_in >= 0),
    own_epoch INTEGER NOT NULL,
    partner_epoch INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX link_by_partner ON link (partner);

CREATE TRIGGER link_new BEFORE INSERT ON link
WHEN EXISTS (SELECT 1 FROM link WHERE link = NEW.link OR no = NEW.no)
BEGIN SELECT RAISE(ABORT, 'append-only: this link exists'); END;

CREATE TRIGGER link_fixed BEFORE UPDATE OF no, link ON link
BEGIN SELECT RAISE(ABORT, 'append-only: a link keeps its id'); END;

CREATE TRIGGER link_forward BEFORE UPDATE ON link
WHEN NEW.next_seq < OLD.next_seq OR NEW.contiguous_in < OLD.contiguous_in
    OR NEW.own_epoch < OLD.own_epoch OR NEW.partner_epoch < OLD.partner_epoch
BEGIN SELECT RAISE(ABORT, 'append-only: numbers and epochs of a link never go down'); END;

CREATE TRIGGER link_kept BEFORE DELETE ON link
BEGIN SELECT RAISE(ABORT, 'append-only: a link is never deleted'); END;

CREATE TABLE agreement (
    link INTEGER NOT NULL REFERENCES link (no),
    n INTEGER NOT NULL,
    raw BLOB NOT NULL,
    own_signature TEXT NOT NULL,
    partner_signature TEXT NOT NULL,
    own_from_seq INTEGER NOT NULL,
    partner_from_seq INTEGER NOT NULL,
    PRIMARY KEY (link, n)
) STRICT;

CREATE TRIGGER agreement_next BEFORE INSERT ON agreement
WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM agreement WHERE link = NEW.link)
    OR EXISTS (SELECT 1 FROM agreement WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next version of this agreement'); END;

CREATE TRIGGER agreement_fixed BEFORE UPDATE OF link, n, raw ON agreement
BEGIN SELECT RAISE(ABORT, 'append-only: an agreement never changes'); END;

CREATE TRIGGER agreement_filled BEFORE UPDATE ON agreement
WHEN (OLD.own_signature <> '' AND NEW.own_signature <> OLD.own_signature)
    OR (OLD.partner_signature <> '' AND NEW.partner_signature <> OLD.partner_signature)
    OR (OLD.own_from_seq <> 0 AND NEW.own_from_seq <> OLD.own_from_seq)
    OR (OLD.partner_from_seq <> 0 AND NEW.partner_from_seq <> OLD.partner_from_seq)
BEGIN SELECT RAISE(ABORT, 'append-only: what is filled in an agreement never changes'); END;

CREATE TRIGGER agreement_kept BEFORE DELETE ON agreement
BEGIN SELECT RAISE(ABORT, 'append-only: an agreement is never deleted'); END;

CREATE TABLE card (
    agency TEXT NOT NULL,
    serial INTEGER NOT NULL,
    raw BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    held_since INTEGER NOT NULL,
    PRIMARY KEY (agency, serial)
) STRICT;

CREATE TRIGGER card_next BEFORE INSERT ON card
WHEN NEW.serial <= (SELECT max(serial) FROM card WHERE agency = NEW.agency)
    OR EXISTS (SELECT 1 FROM card WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append-only: a card needs a higher serial than the kept ones'); END;

CREATE TRIGGER card_fixed BEFORE UPDATE ON card
BEGIN SELECT RAISE(ABORT, 'append-only: a card never changes'); END;

CREATE TRIGGER card_kept BEFORE DELETE ON card
BEGIN SELECT RAISE(ABORT, 'append-only: a card is never deleted'); END;

-- Where in the partner's log of an epoch a key of the partner counts; no row means from 0, without an end.
CREATE TABLE key_span (
    link INTEGER NOT NULL REFERENCES link (no),
    epoch INTEGER NOT NULL,
    key_use TEXT NOT NULL,
    kid TEXT NOT NULL CHECK (length(kid) = 16),
    from_index INTEGER NOT NULL CHECK (from_index >= 0),
    until_index INTEGER CHECK (until_index >= 0),
    PRIMARY KEY (link, epoch, key_use, kid)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER key_span_new BEFORE INSERT ON key_span
WHEN EXISTS (
    SELECT 1 FROM key_span
    WHERE link = NEW.link AND epoch = NEW.epoch AND key_use = NEW.key_use AND kid = NEW.kid
)
BEGIN SELECT RAISE(ABORT, 'append-only: this key has its place already'); END;

CREATE TRIGGER key_span_fixed BEFORE UPDATE OF link, epoch, key_use, kid ON key_span
BEGIN SELECT RAISE(ABORT, 'append-only: a place belongs to one key'); END;

CREATE TRIGGER key_span_shrinks BEFORE UPDATE ON key_span
WHEN NEW.from_index < OLD.from_index
    OR (OLD.until_index IS NOT NULL AND (NEW.until_index IS NULL OR NEW.until_index > OLD.until_index))
BEGIN SELECT RAISE(ABORT, 'append-only: where a key counts only becomes less'); END;

CREATE TRIGGER key_span_kept BEFORE DELETE ON key_span
BEGIN SELECT RAISE(ABORT, 'append-only: the place of a key is never deleted'); END;
