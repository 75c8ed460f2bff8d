-- SPDX-License-Identifier: Apache-2.0

-- name: emergency_add
-- Note that a message was released by one person alone.
INSERT INTO emergency (message, act, released_by, until_at) VALUES (:message, :act, :released_by, :until_at);

-- name: emergency_of
-- What was noted of one message.
SELECT m.id, m.seq, link.link, m.type, alone.act, alone.released_by, alone.until_at, alone.seen_by, alone.seen_at,
    alone.agrees
FROM emergency AS alone JOIN message AS m ON m.no = alone.message JOIN link ON link.no = m.link
WHERE alone.message = :message;

-- name: emergency_open
-- Messages that nobody has looked at yet, the first to be looked at first.
SELECT m.id, m.seq, link.link, m.type, alone.act, alone.released_by, alone.until_at, alone.seen_by, alone.seen_at,
    alone.agrees
FROM emergency AS alone JOIN message AS m ON m.no = alone.message JOIN link ON link.no = m.link
WHERE alone.seen_by IS NULL ORDER BY alone.until_at, alone.message;

-- name: emergency_seen
-- A second person has looked; it is written once.
UPDATE emergency SET seen_by = :seen_by, seen_at = :seen_at, agrees = :agrees
WHERE message = :message AND seen_by IS NULL;
