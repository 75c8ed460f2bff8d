-- SPDX-License-Identifier: Apache-2.0

-- name: case_token_add
-- Remember tokens of a case; known ones stay.
INSERT INTO case_token (block, token, case_file)
SELECT :case_file >> 11, value, :case_file FROM json_each(:tokens)
WHERE true ON CONFLICT DO NOTHING;

-- name: case_token_last_block
-- The block of the newest case file.
SELECT max(no) >> 11 FROM case_file;

-- name: case_token_best
-- Cases of one block that have the most of some tokens, and how many; newest first among equals.
SELECT t.case_file, count(*) AS common
FROM json_each(:tokens) AS wanted CROSS JOIN case_token AS t ON t.block = :block AND t.token = wanted.value
GROUP BY t.case_file ORDER BY common DESC, t.case_file DESC LIMIT +:limit;

-- name: case_token_of_files
-- Which of some tokens some cases have.
SELECT f.no, f.key, f.code, link.link, t.token
FROM json_each(:files) AS best CROSS JOIN json_each(:tokens) AS wanted
CROSS JOIN case_token AS t
    ON t.block = best.value >> 11 AND t.token = wanted.value AND t.case_file = best.value
JOIN case_file AS f ON f.no = best.value JOIN link ON link.no = f.link ORDER BY best.key;

-- name: case_token_drop
-- Let the tokens of an erased case go.
DELETE FROM case_token WHERE block = :case_file >> 11 AND case_file = :case_file;

-- name: case_page
-- Case files that name a case, in their order, after a place.
SELECT f.no, f.key, f.code
FROM case_file AS f JOIN case_state AS s ON s.case_file = f.no
WHERE f.link = :link AND f.no > :after AND f.token IS NOT NULL ORDER BY f.no LIMIT +:limit;

-- name: register_next
-- The number of the next entry of the register.
SELECT coalesce(max(no), 0) + 1 FROM register_entry;

-- name: register_add
-- A new entry of the register.
INSERT INTO register_entry (no, key, case_file, file_token, content, changed_at)
VALUES (:no, :key, :case_file, :file_token, :content, :changed_at);

-- name: register_place
-- Place, data key and case file of an entry.
SELECT no, key, case_file FROM register_entry WHERE file_token = :file_token;

-- name: register_update
-- Replace an entry; its file number stays.
UPDATE register_entry SET key = :key, case_file = :case_file, content = :content, changed_at = :changed_at
WHERE no = :no;

-- name: register_get
-- One entry by the token of its file number.
SELECT r.no, r.key, r.content, r.changed_at, r.case_file, f.key, f.code, link.link
FROM register_entry AS r LEFT JOIN case_file AS f ON f.no = r.case_file LEFT JOIN link ON link.no = f.link
WHERE r.file_token = :file_token;

-- name: register_page
-- Entries in the order in which they were made, after a place.
SELECT r.no, r.key, r.content, r.changed_at, r.case_file, f.key, f.code, link.link
FROM register_entry AS r LEFT JOIN case_file AS f ON f.no = r.case_file LEFT JOIN link ON link.no = f.link
WHERE r.no > :after ORDER BY r.no LIMIT +:limit;

-- name: register_of_case
-- Entries of one case.
SELECT r.no, r.key, r.content, r.changed_at, r.case_file, f.key, f.code, link.link
FROM register_entry AS r JOIN case_file AS f ON f.no = r.case_file JOIN link ON link.no = f.link
WHERE r.case_file = :case_file ORDER BY r.no;

-- name: register_drop_of_case
-- Delete the entries of an erased case; their tokens go with them.
DELETE FROM register_entry WHERE case_file = :case_file;

-- name: register_token_drop
-- Let the tokens of an entry go before it gets new ones.
DELETE FROM register_token WHERE entry = :entry;

-- name: register_token_add
-- Remember the tokens of an entry.
INSERT INTO register_token (token, entry) SELECT DISTINCT value, :entry FROM json_each(:tokens);

-- name: register_token_find
-- Entries that have the most of some tokens, with those they have.
SELECT r.no, r.key, r.content, r.changed_at, r.case_file, f.key, f.code, link.link, t.token
FROM (
    SELECT entry, count(*) AS common FROM register_token
    WHERE token IN (SELECT value FROM json_each(:tokens))
    GROUP BY entry ORDER BY common DESC, entry DESC LIMIT +:limit
) AS best
JOIN register_token AS t ON t.entry = best.entry AND t.token IN (SELECT value FROM json_each(:tokens))
JOIN register_entry AS r ON r.no = best.entry
LEFT JOIN case_file AS f ON f.no = r.case_file LEFT JOIN link ON link.no = f.link
ORDER BY best.common DESC, r.no DESC;
