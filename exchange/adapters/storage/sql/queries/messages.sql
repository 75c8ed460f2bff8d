-- SPDX-License-Identifier: Apache-2.0

-- name: message_add
-- A new message; the guards refuse a used id or number.
INSERT INTO message (
    no, link, direction, seq, id, tail, key, type, state, code, envelope_hash, body_hash, commitment,
    size_class, agreement_n, created_at, expires_at, logged_at, line_bytes, verdict_at, leaf_index,
    verdict_leaf_index, in_reply_to, officer, released_by, attempts, next_attempt_at, stop
) VALUES (
    :no, :link, :direction, :seq, :id, :tail, :key, :type, :state, :code, :envelope_hash, :body_hash, :commitment,
    :size_class, :agreement_n, :created_at, :expires_at, :logged_at, :line_bytes, :verdict_at, :leaf_index,
    :verdict_leaf_index, :in_reply_to, :officer, :released_by, :attempts, :next_attempt_at, :stop
);

-- name: message_last
-- The largest number that the store gave to a message.
SELECT coalesce(max(no), 0) FROM message;

-- name: message_update
-- Replace the columns of a message that may change.
UPDATE message SET
    type = :type, state = :state, code = :code, verdict_at = :verdict_at,
    verdict_leaf_index = :verdict_leaf_index, attempts = :attempts, next_attempt_at = :next_attempt_at
WHERE link = :link AND direction = :direction AND seq = :seq;

-- name: message_number
-- The store's own number of a message, and its data key.
SELECT no, key FROM message WHERE link = :link AND direction = :direction AND seq = :seq;

-- name: message_used
-- Whether a message has this number or this id.
SELECT 1 FROM message WHERE link = :link AND direction = :direction AND seq = :seq
UNION ALL SELECT 1 FROM message WHERE id = :id AND direction = :direction AND link = :link LIMIT 1;

-- name: message_newest
-- The largest number of a side of a link, and its largest id if it is among the largest ones of all: rows come
-- in the order of the limited query, and no more than one of them is looked for.
SELECT (SELECT max(seq) FROM message WHERE link = :link AND direction = +:direction), (
    SELECT id FROM (SELECT id, direction, link FROM message ORDER BY id DESC LIMIT 256)
    WHERE direction = +:direction AND link = :link LIMIT 1
);

-- name: message_by_seq
-- One message by its number.
SELECT * FROM message_row WHERE link_no = :link AND direction = :direction AND seq = :seq;

-- name: message_by_id
-- One message by its id.
SELECT * FROM message_row WHERE id = :id AND direction = :direction AND link_no = :link;

-- name: message_by_id_range
-- Messages whose id begins with a prefix, newest first.
SELECT * FROM message_row WHERE id BETWEEN :low AND :high ORDER BY id DESC, no DESC LIMIT +:limit;

-- name: message_by_tail
-- Messages whose id ends with a suffix, block by block, newest first.
WITH RECURSIVE block (b) AS (
    SELECT max(no) >> 14 FROM message
    UNION ALL
    SELECT b - 1 FROM block WHERE b > 0
)
SELECT r.* FROM block CROSS JOIN message_row AS r
WHERE r.no >> 14 = block.b AND r.tail BETWEEN :low AND :high AND hex(r.id) LIKE +:pattern
LIMIT +:limit;

-- name: message_due_stops
-- Queued stops whose next attempt is due, by number; some numbers are left out.
SELECT * FROM message_row
WHERE link_no = :link AND direction = 'out' AND state = 'queued' AND stop = 1
    AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
    AND seq NOT IN (SELECT value FROM json_each(:without))
ORDER BY seq LIMIT +:limit;

-- name: message_due
-- Other queued messages whose next attempt is due, by number, as far as the partner takes them: counted from the
-- first number of which it has no line. Some numbers are left out.
SELECT * FROM message_row
WHERE link_no = :link AND direction = 'out' AND state = 'queued' AND stop = 0
    AND seq <= :window + min(
        (
            SELECT min(seq) FROM message
            WHERE link = :link AND direction = 'out' AND state = 'queued' AND stop = 0
        ),
        coalesce((
            SELECT min(seq) FROM message
            WHERE link = :link AND direction = 'out' AND state = 'queued' AND stop = 1
        ), 9007199254740991),
        coalesce((
            SELECT min(seq) FROM message WHERE link = :link AND direction = 'out' AND state = 'stopped'
        ), 9007199254740991)
    )
    AND (next_attempt_at IS NULL OR next_attempt_at <= :now)
    AND seq NOT IN (SELECT value FROM json_each(:without))
ORDER BY seq LIMIT +:limit;

-- name: message_first_queued
-- The lowest number that waits for its verdict; each kind has its own part of the index.
SELECT min(seq) FROM (
    SELECT min(seq) AS seq FROM message
    WHERE link = :link AND direction = 'out' AND state = 'queued' AND stop = 0
    UNION ALL
    SELECT min(seq) FROM message WHERE link = :link AND direction = 'out' AND state = 'queued' AND stop = 1
) AS first;

-- name: message_queued
-- Queued outgoing messages behind a number, due or not; only stops, or only the others.
SELECT * FROM message_row
WHERE link_no = :link AND direction = 'out' AND state = 'queued' AND stop = :stop AND seq > :after
ORDER BY seq LIMIT +:limit;

-- name: message_held
-- Received messages that wait for a missing number, by number.
SELECT * FROM message_row WHERE link_no = :link AND direction = 'in' AND state = 'held' ORDER BY seq;

-- name: message_held_numbers
-- The numbers of received messages that wait for a missing number.
SELECT seq FROM message WHERE link = :link AND direction = 'in' AND state = 'held' ORDER BY seq;

-- name: message_held_bytes
-- The bytes of the lines that wait for a missing number.
SELECT coalesce(sum(line_bytes), 0) FROM message WHERE link = :link AND direction = 'in' AND state = 'held';

-- name: message_first_missing
-- The lowest number from a number on of which no received message is here; goes along the index.
SELECT CASE
    WHEN NOT EXISTS (SELECT 1 FROM message WHERE link = :link AND direction = 'in' AND seq = +:start) THEN :start
    ELSE (
        SELECT here.seq + 1 FROM message AS here
        WHERE here.link = :link AND here.direction = 'in' AND here.seq >= :start
            AND NOT EXISTS (
                SELECT 1 FROM message AS next
                WHERE next.link = here.link AND next.direction = 'in' AND next.seq = here.seq + 1
            )
        ORDER BY here.seq LIMIT 1
    )
END;

-- name: message_stopped
-- Outgoing messages that wait for a decision, by number.
SELECT * FROM message_row WHERE link_no = :link AND direction = 'out' AND state = 'stopped' ORDER BY seq;

-- name: message_expired
-- Outgoing messages without a verdict whose time is over and that were not given up, oldest end first.
SELECT * FROM message_row
WHERE link_no = :link AND direction = 'out' AND state IN ('queued', 'held', 'stopped') AND expires_at < :now
ORDER BY expires_at LIMIT +:limit;

-- name: message_place
-- The store's own number of the message a page ended with.
SELECT min(no) FROM message WHERE id = :id AND seq = :seq;

-- name: message_list
-- Messages before a place, newest first.
SELECT * FROM message_row
WHERE no < :before AND (:direction IS NULL OR direction = :direction) ORDER BY no DESC LIMIT +:limit;

-- name: message_list_of_link
-- Messages of one link before a place, newest first.
SELECT * FROM message_row
WHERE link_no = :link AND no < :before AND (:direction IS NULL OR direction = :direction)
ORDER BY no DESC LIMIT +:limit;

-- name: message_of_no_case
-- Messages of a type that names no case, newest first; the list of types is that of the index.
SELECT * FROM message_row WHERE type IN ('TRD', 'DIR') AND type = :type ORDER BY no DESC LIMIT +:limit;

-- name: message_of_ledger
-- Messages of one type about the ledger itself, newest first; the types are those of the index.
SELECT * FROM message_row WHERE no IN (
    SELECT no FROM message WHERE type IN ('STM', 'DSC', 'DRS') AND link = :link AND type = +:type
    AND direction = +:direction ORDER BY no DESC LIMIT +:limit
) ORDER BY no DESC;

-- name: message_states
-- Number, state and place of the verdict of each message of one direction, in order.
SELECT seq, state, verdict_leaf_index FROM message INDEXED BY sqlite_autoindex_message_1
WHERE link = :link AND direction = :direction AND seq >= :start ORDER BY seq LIMIT +:limit;

-- name: message_numbers
-- Messages of one direction in order of their numbers; the index is named, or each call is planned anew.
SELECT * FROM message_row WHERE no IN (
    SELECT no FROM message INDEXED BY sqlite_autoindex_message_1
    WHERE link = :link AND direction = :direction AND seq >= :start ORDER BY seq LIMIT +:limit
) ORDER BY seq;

-- name: outbox
-- How many outgoing messages of a link have no final verdict, and their bytes.
SELECT messages, bytes FROM outbox WHERE link = :link;

-- name: outbox_set
-- How many messages of ours have no final verdict now, and their bytes.
UPDATE outbox SET messages = :messages, bytes = :bytes WHERE link = :link;

-- name: outbox_gaps
-- Links whose outbox does not say what their messages say; none in a sound store.
SELECT link FROM outbox WHERE (messages, bytes) IS NOT (
    SELECT count(*), coalesce(sum(m.line_bytes), 0) FROM message AS m
    WHERE m.link = outbox.link AND m.direction = 'out' AND m.state IN ('queued', 'held', 'voiding', 'stopped')
);

-- name: line_add
-- The exact bytes of a line.
INSERT INTO line (message, envelope, body) VALUES (:message, :envelope, :body);

-- name: line_list
-- Lines of messages by their numbers, in the order asked for, with what opens their bodies.
SELECT message.no, message.key, line.envelope, line.body
FROM json_each(:numbers) AS wanted
CROSS JOIN message ON message.link = :link AND message.direction = +:direction AND message.seq = wanted.value
JOIN line ON line.message = message.no
ORDER BY wanted.key;

-- name: line_drop_body
-- Let the sealed body of a line go; the envelope stays.
UPDATE line SET body = NULL WHERE message = :message AND body IS NOT NULL;

-- name: announced_add
-- A `sent` leaf of the partner.
INSERT INTO announced (
    link, seq, id, envelope_hash, body_hash, commitment, size_class, leaf_index, void_code
) VALUES (
    :link, :seq, :id, :envelope_hash, :body_hash, :commitment, :size_class, :leaf_index, :void_code
);

-- name: announced_void
-- Remember why the partner gave a number up; the first reason stays.
UPDATE announced SET void_code = :code WHERE link = :link AND seq = :seq AND void_code = '';

-- name: announced_used
-- Whether this number or this id was announced.
SELECT 1 FROM announced WHERE link = :link AND seq = :seq
UNION ALL SELECT 1 FROM announced WHERE id = :id AND link = :link LIMIT 1;

-- name: announced_newest
-- The largest announced number and id of a link, as in message_newest.
SELECT (SELECT max(seq) FROM announced WHERE link = :link), (
    SELECT id FROM (SELECT id, link FROM announced ORDER BY id DESC LIMIT 256) WHERE link = :link LIMIT 1
);

-- name: announced_last
-- The highest announced number of a link.
SELECT coalesce(max(seq), 0) FROM announced WHERE link = :link;

-- name: announced_numbers
-- Announcements of a link in order of their numbers.
SELECT seq, id, envelope_hash, body_hash, commitment, size_class, leaf_index, void_code
FROM announced WHERE link = :link AND seq >= :start ORDER BY seq LIMIT +:limit;
