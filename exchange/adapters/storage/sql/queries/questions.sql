-- SPDX-License-Identifier: Apache-2.0

-- name: question_put
-- Keep a question, or replace what may change of it.
INSERT INTO question (link, direction, seq, case_file, type, urgency, effective, reply)
VALUES (:link, :direction, :seq, :case_file, :type, :urgency, :effective, :reply)
ON CONFLICT DO UPDATE SET effective = excluded.effective, reply = excluded.reply;

-- name: question_drop
-- A question is answered, or was never asked.
DELETE FROM question
WHERE link = :link AND direction = :direction AND seq = :seq AND case_file = :case_file;

-- name: question_drop_of_case
-- Let the questions of an erased case go.
DELETE FROM question WHERE case_file = :case_file;

-- name: question_of_message
-- The questions of one message, by case file.
SELECT link.link, q.direction, q.seq, q.case_file, f.key, f.code, q.type, q.urgency, q.effective, q.reply
FROM question AS q JOIN link ON link.no = q.link LEFT JOIN case_file AS f ON f.no = q.case_file
WHERE q.link = :link AND q.direction = :direction AND q.seq = :seq ORDER BY q.case_file;

-- name: question_of_case
-- The questions of one case.
SELECT link.link, q.direction, q.seq, q.case_file, f.key, f.code, q.type, q.urgency, q.effective, q.reply
FROM question AS q JOIN link ON link.no = q.link LEFT JOIN case_file AS f ON f.no = q.case_file
WHERE q.case_file = :case_file ORDER BY q.direction, q.seq;

-- name: question_of_reply
-- The questions that wait for the verdict on one answer of ours.
SELECT link.link, q.direction, q.seq, q.case_file, f.key, f.code, q.type, q.urgency, q.effective, q.reply
FROM question AS q JOIN link ON link.no = q.link LEFT JOIN case_file AS f ON f.no = q.case_file
WHERE q.link = :link AND q.reply = :reply ORDER BY q.direction, q.seq, q.case_file;

-- name: question_messages
-- The messages of a link with an open question, after a place, by direction and number.
SELECT DISTINCT direction, seq FROM question
WHERE link = :link AND (direction, seq) > (:direction, :seq) ORDER BY direction, seq LIMIT :limit;
