-- SPDX-License-Identifier: Apache-2.0

-- name: case_file_add
-- A case file: the key of a case and the tokens it is found by.
INSERT INTO case_file (no, link, key, code, token, group_token)
VALUES (:no, :link, :key, :code, :token, :group_token);

-- name: case_file_last
-- The number of the last case file.
SELECT coalesce(max(no), 0) FROM case_file;

-- name: case_file_find
-- The case file of a code on one link.
SELECT no, key FROM case_file WHERE token = :token AND link = :link;

-- name: case_file_erase
-- Let code and tokens of a case file go.
UPDATE case_file SET code = NULL, token = NULL, group_token = NULL WHERE no = :no;

-- name: case_add
-- The state of a case.
INSERT INTO case_state (case_file, link, host, origin, state, snapshot, provisional, opened_at, changed_at)
VALUES (:case_file, :link, :host, :origin, :state, :snapshot, :provisional, :opened_at, :changed_at);

-- name: case_update
-- Replace what changes in a case.
UPDATE case_state SET
    state = :state, snapshot = :snapshot, provisional = :provisional, changed_at = :changed_at
WHERE case_file = :case_file;

-- name: case_drop
-- Delete the state of an erased case.
DELETE FROM case_state WHERE case_file = :case_file;

-- name: case_get
-- The case file of a code, with the case if there is one.
SELECT f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM case_file AS f LEFT JOIN case_state AS s ON s.case_file = f.no JOIN link ON link.no = f.link
WHERE f.token = :token AND f.link = :link;

-- name: case_get_all
-- The same for several codes at once, each row with the token of its code; tokens have 16 bytes each.
WITH RECURSIVE place (n) AS (
    SELECT 1 UNION ALL SELECT n + 16 FROM place WHERE n + 16 < length(:tokens)
)
SELECT f.token, f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM place CROSS JOIN case_file AS f ON f.token = substr(:tokens, place.n, 16) AND f.link = :link
LEFT JOIN case_state AS s ON s.case_file = f.no JOIN link ON link.no = f.link;

-- name: case_find
-- Cases of every link by the token of the first group of their code.
SELECT f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM case_file AS f JOIN case_state AS s ON s.case_file = f.no JOIN link ON link.no = f.link
WHERE f.group_token = :group_token ORDER BY f.no DESC LIMIT +:limit;

-- name: case_list
-- Cases of every link behind the first `skip`, last changed first.
SELECT f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM case_state AS s JOIN case_file AS f ON f.no = s.case_file JOIN link ON link.no = f.link
WHERE s.case_file IN (
    SELECT case_file FROM case_state ORDER BY changed_at DESC, case_file DESC LIMIT +:limit OFFSET +:skip
)
ORDER BY s.changed_at DESC, s.case_file DESC;

-- name: case_list_of_link
-- Cases of one link, last changed first.
SELECT f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM case_state AS s JOIN case_file AS f ON f.no = s.case_file JOIN link ON link.no = f.link
WHERE s.link = :link ORDER BY s.changed_at DESC, s.case_file DESC LIMIT +:limit;

-- name: case_in_state
-- Case files of one link in a state that did not change since a moment, oldest file first.
SELECT f.no, f.key, f.code
FROM case_state AS s INDEXED BY case_state_by_link JOIN case_file AS f ON f.no = s.case_file
WHERE s.link = :link AND s.changed_at <= :since AND s.state = :state AND f.no > :after
ORDER BY f.no LIMIT +:limit;

-- name: case_messages
-- The messages that hold a part of a case or have an event in it, by their numbers in the store.
SELECT message_row.* FROM message_row WHERE no IN (
    SELECT place >> 16 FROM part WHERE case_file = :case_file
    UNION
    SELECT m.no FROM case_event AS e
    JOIN message AS m ON m.link = e.link AND m.direction = e.direction AND m.seq = e.seq
    WHERE e.case_file = :case_file
) ORDER BY no;

-- name: case_message_numbers
-- The numbers of the messages that hold a part of a case or have an event in it.
SELECT place >> 16 FROM part WHERE case_file = :case_file
UNION
SELECT m.no FROM case_event AS e
JOIN message AS m ON m.link = e.link AND m.direction = e.direction AND m.seq = e.seq
WHERE e.case_file = :case_file;

-- name: message_about_others
-- Whether a message has an event in a case or movement that is not erased.
SELECT 1 FROM message AS m
WHERE m.no = :message AND (
    EXISTS (
        SELECT 1 FROM case_event AS e JOIN case_file AS f ON f.no = e.case_file
        WHERE e.link = m.link AND e.direction = m.direction AND e.seq = m.seq AND f.code IS NOT NULL
    )
    OR EXISTS (
        SELECT 1 FROM movement_event AS e JOIN movement AS v ON v.no = e.movement
        WHERE e.link = m.link AND e.direction = m.direction AND e.seq = m.seq AND v.code IS NOT NULL
    )
);

-- name: case_event_add
-- The next event of a case.
INSERT INTO case_event (
    case_file, n, link, direction, seq, message, type, state_before, state_after, provisional, at, implied
) VALUES (
    :case_file, (SELECT coalesce(max(n), 0) + 1 FROM case_event WHERE case_file = :case_file),
    :link, :direction, :seq, :message, :type, :state_before, :state_after, :provisional, :at, :implied
);

-- name: case_event_list
-- The events of a case in order.
SELECT direction, seq, message, type, state_before, state_after, provisional, at, implied
FROM case_event WHERE case_file = :case_file ORDER BY n;

-- name: case_of_messages
-- The same as `case_of_message` for several messages at once, each row with the number of its message.
SELECT named.seq, f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM (
    SELECT seq, case_file, min(place) AS place FROM (
        SELECT message.seq, part.case_file, part.place FROM json_each(:numbers)
            CROSS JOIN message ON message.link = :link AND message.direction = +:direction
                AND message.seq = json_each.value
            CROSS JOIN part ON part.place >= message.no << 16 AND part.place < (message.no + 1) << 16
        UNION ALL
        SELECT e.seq, e.case_file, 1 << 62 FROM json_each(:numbers)
            CROSS JOIN case_event AS e ON e.link = :link AND e.direction = +:direction AND e.seq = json_each.value
    ) GROUP BY seq, case_file
) AS named
JOIN case_file AS f ON f.no = named.case_file
LEFT JOIN case_state AS s ON s.case_file = f.no JOIN link ON link.no = f.link
ORDER BY named.seq, named.place, f.no;

-- name: case_of_message
-- The case files a message holds parts of, by part, then those it has events in, each with its case.
SELECT f.no, f.key, f.code, link.link, s.host, s.origin, s.state, s.snapshot, s.provisional,
    s.opened_at, s.changed_at
FROM (
    SELECT case_file, min(place) AS place FROM (
        SELECT part.case_file, part.place FROM message JOIN part
            ON part.place >= message.no << 16 AND part.place < (message.no + 1) << 16
        WHERE message.link = :link AND message.direction = +:direction AND message.seq = :seq
        UNION ALL
        SELECT case_file, 1 << 62 FROM case_event
        WHERE link = :link AND direction = +:direction AND seq = :seq
    ) GROUP BY case_file
) AS named
JOIN case_file AS f ON f.no = named.case_file
LEFT JOIN case_state AS s ON s.case_file = f.no JOIN link ON link.no = f.link
ORDER BY named.place, f.no;
