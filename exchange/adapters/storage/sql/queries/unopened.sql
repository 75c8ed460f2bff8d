-- SPDX-License-Identifier: Apache-2.0

-- name: unopened_add
-- A message was accepted that nobody has opened yet.
INSERT INTO unopened (stop, message) VALUES (:stop, :message) ON CONFLICT DO NOTHING;

-- name: unopened_drop
-- A message was opened, or there is nothing left of it to open.
DELETE FROM unopened WHERE stop IN (0, 1) AND message = :message;

-- name: unopened_page
-- Messages that nobody has opened, stops or the others, before a place, newest first.
SELECT r.* FROM unopened AS u JOIN message_row AS r ON r.no = u.message
WHERE u.stop = :stop AND u.message < :before ORDER BY u.message DESC LIMIT +:limit;

-- name: unopened_count
-- How many messages nobody has opened: stops, and the others.
SELECT
    (SELECT count(*) FROM unopened WHERE stop = 1),
    (SELECT count(*) FROM unopened WHERE stop = 0);
