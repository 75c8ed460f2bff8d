-- SPDX-License-Identifier: Apache-2.0
-- Messages (narrow, scanned), their lines and parts (wide), and the announcements of the partners.

CREATE TABLE message (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    id BLOB NOT NULL CHECK (length(id) = 16),
    tail INTEGER NOT NULL,  -- the last 8 hex digits of the id, read backwards
    key INTEGER NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('queued', 'held', 'accepted', 'rejected', 'voided', 'voiding', 'stopped')
    ),
    code TEXT NOT NULL,
    envelope_hash BLOB NOT NULL CHECK (length(envelope_hash) = 32),
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    size_class INTEGER NOT NULL,
    agreement_n INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    logged_at INTEGER NOT NULL,
    line_bytes INTEGER NOT NULL,
    verdict_at INTEGER,
    leaf_index INTEGER NOT NULL,
    verdict_leaf_index INTEGER NOT NULL,
    in_reply_to BLOB CHECK (in_reply_to IS NULL OR length(in_reply_to) = 16),
    officer TEXT,
    released_by TEXT,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER,
    stop INTEGER NOT NULL CHECK (stop IN (0, 1)),
    UNIQUE (link, direction, seq)
) STRICT;

CREATE UNIQUE INDEX message_by_id ON message (id, direction, link);
CREATE INDEX message_by_link ON message (link, no);
-- Blocks of 16,384 messages keep the insertions of this random order on a few pages.
CREATE INDEX message_by_tail ON message (no >> 14, tail);
CREATE INDEX message_queue ON message (link, stop DESC, seq, next_attempt_at)
WHERE direction = 'out' AND state = 'queued';
CREATE INDEX message_open ON message (link, expires_at)
WHERE direction = 'out' AND state IN ('queued', 'held', 'stopped');
-- As many columns as the key of the table, so that SQLite prefers these to it.
CREATE INDEX message_held ON message (link, direction, seq) WHERE direction = 'in' AND state = 'held';
CREATE INDEX message_stopped ON message (link, direction, seq)
WHERE direction = 'out' AND state = 'stopped';

-- How many outgoing messages have no final verdict; kept by the triggers below.
CREATE TABLE outbox (
    link INTEGER PRIMARY KEY REFERENCES link (no),
    messages INTEGER NOT NULL DEFAULT 0 CHECK (messages >= 0),
    bytes INTEGER NOT NULL DEFAULT 0 CHECK (bytes >= 0)
) STRICT;

CREATE TRIGGER outbox_begins AFTER INSERT ON link
BEGIN INSERT INTO outbox (link) VALUES (NEW.no); END;

CREATE TRIGGER outbox_grows AFTER INSERT ON message
WHEN NEW.direction = 'out' AND NEW.state IN ('queued', 'held', 'voiding', 'stopped')
BEGIN
    UPDATE outbox SET messages = messages + 1, bytes = bytes + NEW.line_bytes WHERE link = NEW.link;
END;

CREATE TRIGGER outbox_changes AFTER UPDATE OF state ON message
WHEN NEW.direction = 'out' AND (OLD.state IN ('queued', 'held', 'voiding', 'stopped'))
    <> (NEW.state IN ('queued', 'held', 'voiding', 'stopped'))
BEGIN
    UPDATE outbox
    SET messages = messages + iif(NEW.state IN ('queued', 'held', 'voiding', 'stopped'), 1, -1),
        bytes = bytes + iif(NEW.state IN ('queued', 'held', 'voiding', 'stopped'), 1, -1) * NEW.line_bytes
    WHERE link = NEW.link;
END;

CREATE TRIGGER message_new BEFORE INSERT ON message
WHEN NEW.no <> (SELECT coalesce(max(no), 0) + 1 FROM message)
    OR EXISTS (SELECT 1 FROM message WHERE link = NEW.link AND direction = NEW.direction AND seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM message WHERE id = NEW.id AND direction = NEW.direction AND link = NEW.link)
BEGIN SELECT RAISE(ABORT, 'append-only: this message id or number is used'); END;

CREATE TRIGGER message_fixed BEFORE UPDATE OF
    no, link, direction, seq, id, tail, key, envelope_hash, body_hash, commitment, size_class, agreement_n,
    created_at, expires_at, logged_at, line_bytes, leaf_index, in_reply_to, officer, released_by, stop
ON message
BEGIN SELECT RAISE(ABORT, 'append-only: this column of a message never changes'); END;

CREATE TRIGGER message_kept BEFORE DELETE ON message
BEGIN SELECT RAISE(ABORT, 'append-only: a message is never deleted'); END;

CREATE TABLE line (
    message INTEGER PRIMARY KEY REFERENCES message (no),
    envelope BLOB NOT NULL,
    body BLOB  -- the sealed body, under the key of the message
) STRICT;

CREATE TRIGGER line_new BEFORE INSERT ON line
WHEN EXISTS (SELECT 1 FROM line WHERE message = NEW.message)
BEGIN SELECT RAISE(ABORT, 'append-only: this line exists'); END;

CREATE TRIGGER line_fixed BEFORE UPDATE ON line
WHEN NEW.message <> OLD.message OR NEW.envelope <> OLD.envelope OR NEW.body IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'append-only: a line loses its body or nothing'); END;

CREATE TRIGGER line_kept BEFORE DELETE ON line
BEGIN SELECT RAISE(ABORT, 'append-only: a line is never deleted'); END;

-- Keyed tokens of the salts of all parts. 64 bits of an HMAC: among 10 million salts a new one is taken
-- for an old one with a chance of 5e-13, and the row costs about 12 bytes.
CREATE TABLE salt (
    token INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER salt_fixed BEFORE UPDATE ON salt
BEGIN SELECT RAISE(ABORT, 'append-only: a salt stays used'); END;

CREATE TRIGGER salt_kept BEFORE DELETE ON salt
BEGIN SELECT RAISE(ABORT, 'append-only: a salt stays used'); END;

CREATE TABLE announced (
    link INTEGER NOT NULL REFERENCES link (no),
    seq INTEGER NOT NULL CHECK (seq >= 1),
    id BLOB NOT NULL CHECK (length(id) = 16),
    envelope_hash BLOB NOT NULL CHECK (length(envelope_hash) = 32),
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    size_class INTEGER NOT NULL,
    leaf_index INTEGER NOT NULL,
    void_code TEXT NOT NULL,
    PRIMARY KEY (link, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX announced_by_id ON announced (id, link);

CREATE TRIGGER announced_new BEFORE INSERT ON announced
WHEN EXISTS (SELECT 1 FROM announced WHERE link = NEW.link AND seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM announced WHERE id = NEW.id AND link = NEW.link)
BEGIN SELECT RAISE(ABORT, 'append-only: this number or id was announced before'); END;

CREATE TRIGGER announced_fixed BEFORE UPDATE OF
    link, seq, id, envelope_hash, body_hash, commitment, size_class, leaf_index
ON announced
BEGIN SELECT RAISE(ABORT, 'append-only: an announcement never changes'); END;

CREATE TRIGGER announced_void BEFORE UPDATE OF void_code ON announced
WHEN OLD.void_code <> '' AND NEW.void_code <> OLD.void_code
BEGIN SELECT RAISE(ABORT, 'append-only: a void never changes'); END;

CREATE TRIGGER announced_kept BEFORE DELETE ON announced
BEGIN SELECT RAISE(ABORT, 'append-only: an announcement is never deleted'); END;

-- The columns of `MessageRow` in its order, then what only queries need. No join: with one, SQLite prepares
-- a statement again at each call, because its plan depends on the parameters (partial indexes).
CREATE VIEW message_row AS
SELECT
    (SELECT link.link FROM link WHERE link.no = m.link) AS link, m.direction, m.seq, m.id, m.type, m.state, m.code, m.envelope_hash, m.body_hash,
    m.commitment, m.size_class, m.agreement_n, m.created_at, m.expires_at, m.logged_at, m.line_bytes,
    m.verdict_at, m.leaf_index, m.verdict_leaf_index, m.in_reply_to, m.officer, m.released_by, m.attempts,
    m.next_attempt_at, m.stop,
    m.no AS no, m.link AS link_no, m.tail AS tail
FROM message AS m;
