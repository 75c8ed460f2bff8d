-- SPDX-License-Identifier: Apache-2.0

-- name: movement_next
-- The number of the next movement.
SELECT coalesce(max(no), 0) + 1 FROM movement;

-- name: movement_number
-- The number and key of a movement by the token of its code.
SELECT no, key FROM movement WHERE token = :token AND link = :link;

-- name: movement_add
-- A movement.
INSERT INTO movement (
    no, link, key, code, token, group_token, host, origin, state, snapshot, provisional, opened_at, changed_at
) VALUES (
    :no, :link, :key, :code, :token, :group_token, :host, :origin, :state, :snapshot, :provisional,
    :opened_at, :changed_at
);

-- name: movement_update
-- Replace what changes in a movement.
UPDATE movement SET
    state = :state, snapshot = :snapshot, provisional = :provisional, changed_at = :changed_at, window_at = NULL
WHERE no = :no;

-- name: movement_without_window
-- Movements under way of which it has to be read again when they begin; the states are those of the index.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link
WHERE m.state IN ('countered', 'confirmed', 'departed') AND m.window_at IS NULL AND m.code IS NOT NULL
LIMIT +:limit;

-- name: movement_keep_window
-- Keep when the window of a movement begins.
UPDATE movement SET window_at = :window_at WHERE no = :no;

-- name: movement_under_way
-- Movements under way whose window begins in a time, the first to begin first.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link
WHERE m.state IN ('countered', 'confirmed', 'departed') AND m.window_at >= :since AND m.window_at < :before
    AND m.code IS NOT NULL
ORDER BY m.window_at, m.no LIMIT +:limit;

-- name: movement_left_open
-- Movements under way whose window began before an instant, the last to begin first.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link
WHERE m.state IN ('countered', 'confirmed', 'departed') AND m.window_at < :before AND m.code IS NOT NULL
ORDER BY m.window_at DESC, m.no DESC LIMIT +:limit;

-- name: movement_erase
-- Let code, tokens and snapshot of a movement go.
UPDATE movement SET code = NULL, token = NULL, group_token = NULL, snapshot = NULL WHERE no = :no;

-- name: movement_get
-- One movement by the token of its code.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link WHERE m.token = :token AND m.link = :link;

-- name: movement_find
-- Movements of every link by the token of the first group of their code.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link
WHERE m.group_token = :group_token ORDER BY m.no DESC LIMIT +:limit;

-- name: movement_list
-- Movements of every link behind the first `skip`, last changed first.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link
WHERE m.code IS NOT NULL ORDER BY m.changed_at DESC, m.no DESC LIMIT +:limit OFFSET +:skip;

-- name: movement_list_of_link
-- Movements of one link, last changed first.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at
FROM movement AS m JOIN link ON link.no = m.link
WHERE m.link = :link AND m.code IS NOT NULL ORDER BY m.changed_at DESC, m.no DESC LIMIT +:limit;

-- name: movement_to_be_received
-- Movements of an origin side with persons who were handed over and whose reception is not confirmed, each with how
-- many, the first one first. A person is in the newest movement that names the case.
SELECT m.no, m.key, m.code, link.link, m.host, m.origin, m.state, m.snapshot, m.provisional,
    m.opened_at, m.changed_at, count(*)
FROM (
    SELECT (SELECT max(l.movement) FROM movement_case AS l WHERE l.case_file = s.case_file) AS movement, s.changed_at
    FROM case_state AS s WHERE s.state = 'handed_over' AND s.origin = :origin
) AS person
JOIN movement AS m ON m.no = person.movement AND m.code IS NOT NULL JOIN link ON link.no = m.link
GROUP BY m.no ORDER BY min(person.changed_at), m.no LIMIT +:limit;

-- name: movement_event_add
-- The next event of a movement.
INSERT INTO movement_event (
    movement, n, link, direction, seq, message, type, state_before, state_after, provisional, at
) VALUES (
    :movement, (SELECT coalesce(max(n), 0) + 1 FROM movement_event WHERE movement = :movement),
    :link, :direction, :seq, :message, :type, :state_before, :state_after, :provisional, :at
);

-- name: movement_event_list
-- The events of a movement in order.
SELECT direction, seq, message, type, state_before, state_after, provisional, at
FROM movement_event WHERE movement = :movement ORDER BY n;

-- name: movement_of_message
-- The movement a message has events in.
SELECT m.no, m.key, m.code
FROM movement_event AS e JOIN movement AS m ON m.no = e.movement
WHERE e.link = :link AND e.direction = :direction AND e.seq = :seq LIMIT 1;

-- name: movement_case_known
-- Whether a case was named in a movement.
SELECT 1 FROM movement_case WHERE movement = :movement AND case_file = :case_file;

-- name: movement_case_add
-- A case that a message named in a movement.
INSERT INTO movement_case (movement, case_file) VALUES (:movement, :case_file);

-- name: movement_cases
-- The case files that were ever named in a movement.
SELECT f.no, f.key, f.code
FROM movement_case AS l JOIN case_file AS f ON f.no = l.case_file
WHERE l.movement = :movement ORDER BY f.no;

-- name: movement_of_case
-- The movements in which a case was ever named.
SELECT m.no, m.key, m.code
FROM movement_case AS l JOIN movement AS m ON m.no = l.movement
WHERE l.case_file = :case_file ORDER BY m.no;

-- name: movement_other_case
-- A case of a movement that is not erased.
SELECT 1
FROM movement_case AS l JOIN case_file AS f ON f.no = l.case_file
WHERE l.movement = :movement AND f.code IS NOT NULL LIMIT 1;

-- name: crossing_add
-- What one side announced about a crossing.
INSERT INTO crossing (link, checkpoint, direction, seq, status, from_at, until_at)
VALUES (:link, :checkpoint, :direction, :seq, :status, :from_at, :until_at);

-- name: crossing_of
-- Every announcement about one crossing.
SELECT direction, seq, checkpoint, status, from_at, until_at
FROM crossing WHERE link = :link AND checkpoint = :checkpoint ORDER BY direction, seq;

-- name: crossing_latest
-- The last announcement of each side about each crossing.
SELECT direction, max(seq), checkpoint, status, from_at, until_at
FROM crossing WHERE link = :link GROUP BY checkpoint, direction ORDER BY checkpoint, direction;

-- name: movement_messages
-- The messages that have an event in a movement.
SELECT DISTINCT m.no FROM movement_event AS e
JOIN message AS m ON m.link = e.link AND m.direction = e.direction AND m.seq = e.seq
WHERE e.movement = :movement ORDER BY m.no;
