-- SPDX-License-Identifier: Apache-2.0

-- name: part_add
-- One sealed part of a body.
INSERT INTO part (place, case_file, raw) VALUES (:place, :case_file, :raw);

-- name: part_range
-- The parts of one message by number, with the keys of their cases.
SELECT part.place, part.raw, part.case_file, case_file.key, case_file.code
FROM part LEFT JOIN case_file ON case_file.no = part.case_file
WHERE part.place >= :first AND part.place < :end ORDER BY part.place;

-- name: part_drop_of_message
-- Delete the parts of a message that belong to no case.
DELETE FROM part WHERE place >= :first AND place < :end AND case_file IS NULL;

-- name: part_drop_all_of_message
-- Delete every part of a message.
DELETE FROM part WHERE place >= :first AND place < :end;

-- name: part_drop_of_case
-- Delete every part of a case.
DELETE FROM part WHERE case_file = :case_file;

-- name: part_other_case
-- Whether a message holds a part of any case.
SELECT 1 FROM part WHERE place >= :first AND place < :end AND case_file IS NOT NULL LIMIT 1;

-- name: message_key
-- The data key of a message by its store number.
SELECT key FROM message WHERE no = :message;

-- name: salt_used
-- Whether one of some tokens of salts was used before.
SELECT 1 FROM salt WHERE token IN (SELECT value FROM json_each(:tokens)) LIMIT 1;

-- name: salt_add
-- Remember the tokens of salts; fails as a whole when one was used before.
INSERT INTO salt (token) SELECT value FROM json_each(:tokens);

-- name: part_left_add
-- Keep the hash of a part that is erased; after a restore of the store it may be kept already.
INSERT INTO part_left (place, hash)
SELECT :place, :hash WHERE NOT EXISTS (SELECT 1 FROM part_left WHERE place = :place);

-- name: part_left_range
-- The hashes of the erased parts of a message, by place.
SELECT place, hash FROM part_left WHERE place >= :first AND place < :end ORDER BY place;
