-- SPDX-License-Identifier: Apache-2.0

-- name: audit_next
-- The number of the next audit record.
SELECT coalesce(max(n), 0) + 1 FROM audit;

-- name: audit_add
-- One recorded act.
INSERT INTO audit (n, at, actor, act, object, result) VALUES (:n, :at, :actor, :act, :object, :result);

-- name: audit_get
-- One recorded act by its number.
SELECT n, at, actor, act, object, result FROM audit WHERE n = :n;

-- name: audit_list
-- Recorded acts, newest first.
SELECT n, at, actor, act, object, result FROM audit ORDER BY n DESC LIMIT +:limit;

-- name: audit_of_acts
-- Records of some acts between two numbers, oldest first.
SELECT n, at, actor, act, object, result FROM audit
WHERE n > :after AND n <= :end AND act IN (SELECT value FROM json_each(:acts)) ORDER BY n;

-- name: difference_next
-- The number of the next piece of evidence.
SELECT coalesce(max(no), 0) + 1 FROM difference;

-- name: difference_copies
-- How many copies of one kind and subject are kept.
SELECT count(*) FROM difference WHERE link = :link AND kind = :kind AND subject = :subject;

-- name: difference_add
-- One more copy of evidence.
INSERT INTO difference (no, link, kind, subject, copy, reason, evidence, at)
VALUES (:no, :link, :kind, :subject, :copy, :reason, :evidence, :at);

-- name: difference_page
-- Kept evidence of a link behind a place, oldest first.
SELECT no, kind, subject, reason, evidence, at FROM difference WHERE link = :link AND no > :after
ORDER BY no LIMIT +:limit;

-- name: difference_list
-- The kept evidence of a link, oldest first.
SELECT no, kind, subject, reason, evidence, at FROM difference WHERE link = :link ORDER BY no;
