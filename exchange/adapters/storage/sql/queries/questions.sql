-- SPDX-License-Identifier: Apache-2.0

-- name: question_put
-- Keep a question, or replace what may change of it.
INSERT INTO question (link, direction, seq, case_file, type, urgency, effective, reply)
VALUES (:link, :direction, :seq, :case_file, :type, :urgency, :effective, :reply)
ON CONFLICT DO UPDATE SET effective = excluded.effective, reply = excluded.reply, stale = 1;

-- name: question_take_effect
-- What a message asks counts from now on.
UPDATE question SET effective = 1, stale = 1
WHERE link = :link AND direction = :direction AND seq = :seq;

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

-- name: question_stale
-- Questions whose kept end is stale, after a place, by link, direction, number and case file: with the message, its
-- verdict in the newest log of the recipient, and what became of the case.
SELECT q.link, q.direction, q.seq, q.case_file, link.link, q.type, q.urgency, q.effective, q.reply IS NOT NULL,
    m.id, m.agreement_n, coalesce(m.verdict_at, m.logged_at), v.raw, s.state,
    (SELECT group_concat(e.state_after) FROM case_event AS e WHERE e.case_file = q.case_file),
    CASE q.case_file WHEN 0 THEN 1 ELSE NOT EXISTS (
        SELECT 1 FROM question AS o
        WHERE o.case_file = q.case_file AND o.type = q.type AND o.direction = q.direction AND o.effective = 1
            AND o.seq > q.seq
    ) END
FROM question AS q INDEXED BY question_stale
JOIN link ON link.no = q.link
LEFT JOIN message AS m ON m.link = q.link AND m.direction = q.direction AND m.seq = q.seq
LEFT JOIN leaf AS v ON v.i = m.verdict_leaf_index AND v.log = (
    SELECT no FROM log WHERE log.link = q.link AND (log.writer = link.partner) = (q.direction = 'out')
    ORDER BY log.epoch DESC LIMIT 1
)
LEFT JOIN case_state AS s ON s.case_file = q.case_file
WHERE q.stale = 1 AND (q.link, q.direction, q.seq, q.case_file) > (:link, :direction, :seq, :case_file)
ORDER BY q.link, q.direction, q.seq, q.case_file LIMIT +:limit;

-- name: question_case
-- The case file of a question, to read its code.
SELECT no, key, code FROM case_file WHERE no = :case_file;

-- name: question_keep_end
-- Keep the end of a question; it is not stale any more.
UPDATE question SET
    stale = 0, awaited = :awaited, answering = :answering, held = :held, until_at = :until_at,
    began_at = :began_at, today_at = :today_at, over_at = :over_at, last_on = :last_on
WHERE link = :link AND direction = :direction AND seq = :seq AND case_file = :case_file;

-- name: question_page_end
-- The question a page of questions ends with.
SELECT link, direction, seq, case_file FROM question
WHERE (link, direction, seq, case_file) > (:link, :direction, :seq, :case_file)
ORDER BY link, direction, seq, case_file LIMIT 1 OFFSET +:limit;

-- name: question_page_stale
-- Mark the kept ends of a page as stale; the page ends before a place, or nowhere.
UPDATE question SET stale = 1
WHERE (link, direction, seq, case_file) > (:link, :direction, :seq, :case_file)
    AND (:end_link IS NULL
        OR (link, direction, seq, case_file) <= (:end_link, :end_direction, :end_seq, :end_file));

-- name: task_page
-- Tasks after a place, the first to be done first: the persons of a message with the same end. With a direction only
-- those that nobody has answered yet.
SELECT q.until_at, q.seq, q.link, q.direction, q.answering, q.held, q.began_at, link.link, q.today_at, q.over_at,
    q.last_on, q.type, q.urgency
FROM question AS q INDEXED BY question_by_end JOIN link ON link.no = q.link
WHERE q.awaited = 1 AND q.until_at <= :until_at AND q.over_at <= :over_at
    AND (:direction IS NULL OR (q.direction = :direction AND q.answering = 0))
    AND (q.until_at, q.seq, q.link, q.direction, q.answering, q.held, q.began_at)
        > (:after_until, :after_seq, :after_link, :after_direction, :after_answering, :after_held, :after_began)
GROUP BY q.until_at, q.seq, q.link, q.direction, q.answering, q.held, q.began_at
ORDER BY q.until_at, q.seq, q.link, q.direction, q.answering, q.held, q.began_at LIMIT +:limit;

-- name: task_of_message
-- The tasks of one message.
SELECT q.until_at, q.seq, q.link, q.direction, q.answering, q.held, q.began_at, link.link, q.today_at, q.over_at,
    q.last_on, q.type, q.urgency
FROM question AS q JOIN link ON link.no = q.link
WHERE q.link = :link AND q.direction = :direction AND q.seq = :seq AND q.awaited = 1
GROUP BY q.until_at, q.answering, q.held, q.began_at
ORDER BY q.until_at, q.answering, q.held, q.began_at;

-- name: task_count
-- How many tasks there are and how many are late, by link, direction and whether they are answered.
SELECT link.link, direction, answering, sum(tasks), sum(iif(over_at <= :now, tasks, 0))
FROM task_total JOIN link ON link.no = task_total.link GROUP BY task_total.link, direction, answering;

-- name: task_late_types
-- How many tasks of a link are late, by type of message.
SELECT type, sum(tasks) FROM task_total WHERE link = :link AND over_at <= :now GROUP BY type;

-- name: task_cases
-- The case files of the persons of one task.
SELECT f.no, f.key, f.code
FROM question AS q JOIN case_file AS f ON f.no = q.case_file
WHERE q.link = :link AND q.direction = :direction AND q.seq = :seq AND q.awaited = 1
    AND q.until_at = :until_at AND q.answering = :answering AND q.held = :held AND q.began_at = :began_at
ORDER BY f.no;

-- name: task_reminders
-- The reminders that the asking side sent in the cases of a message.
SELECT DISTINCT e.seq
FROM question AS q JOIN case_event AS e ON e.case_file = q.case_file
WHERE q.link = :link AND q.direction = :direction AND q.seq = :seq AND q.case_file > 0
    AND e.type = 'RMD' AND e.direction = :direction ORDER BY e.seq;
