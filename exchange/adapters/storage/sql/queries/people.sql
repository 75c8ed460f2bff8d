-- SPDX-License-Identifier: Apache-2.0

-- name: officer_add
-- An officer under a number that was never used.
INSERT INTO officer (number, key, name, office, functions, valid_from, valid_to)
VALUES (:number, :key, :name, :office, :functions, :valid_from, :valid_to);

-- name: officer_get
-- One officer.
SELECT number, key, name, office, functions, valid_from, valid_to FROM officer WHERE number = :number;

-- name: officer_correct
-- Correct what stands in the entry of an officer.
UPDATE officer SET name = :name, office = :office, functions = :functions WHERE number = :number;

-- name: officer_end
-- Say until when an officer acts.
UPDATE officer SET valid_to = :at WHERE number = :number;

-- name: officer_list
-- Every officer by number.
SELECT number, key, name, office, functions, valid_from, valid_to FROM officer ORDER BY number;

-- name: draft_key
-- The place and data key of a draft.
SELECT no, key FROM draft WHERE id = :id;

-- name: draft_next
-- The place of the next draft.
SELECT coalesce(max(no), 0) + 1 FROM draft;

-- name: draft_save
-- Keep a draft, or replace it.
INSERT INTO draft (no, id, key, link, type, document, summary, prepared_by, approved_by, created_at, waiting)
VALUES (:no, :id, :key, :link, :type, :document, :summary, :prepared_by, :approved_by, :created_at, :waiting)
ON CONFLICT (id) DO UPDATE SET
    link = excluded.link, type = excluded.type, document = excluded.document, summary = excluded.summary,
    prepared_by = excluded.prepared_by, approved_by = excluded.approved_by,
    created_at = excluded.created_at, waiting = excluded.waiting;

-- name: draft_get
-- One draft.
SELECT d.no, d.id, d.key, link.link, d.type, d.document, d.summary, d.prepared_by, d.approved_by, d.created_at,
    d.waiting
FROM draft AS d LEFT JOIN link ON link.no = d.link WHERE d.id = :id;

-- name: draft_find
-- Drafts whose id begins or ends with some hex digits, newest first.
SELECT d.no, d.id, d.key, link.link, d.type, d.document, d.summary, d.prepared_by, d.approved_by, d.created_at,
    d.waiting
FROM draft AS d LEFT JOIN link ON link.no = d.link
WHERE hex(d.id) LIKE +:begins OR hex(d.id) LIKE +:ends ORDER BY d.id DESC LIMIT +:limit;

-- name: draft_list
-- Every draft, newest first.
SELECT d.no, d.id, d.key, link.link, d.type, d.document, d.summary, d.prepared_by, d.approved_by, d.created_at,
    d.waiting
FROM draft AS d LEFT JOIN link ON link.no = d.link ORDER BY d.no DESC;

-- name: draft_summaries
-- Every draft without its document, newest first; the document stands in for a summary that is missing.
SELECT d.no, d.id, d.key, link.link, d.type, d.summary, iif(d.summary IS NULL, d.document, NULL),
    d.prepared_by, d.created_at, d.waiting
FROM draft AS d LEFT JOIN link ON link.no = d.link ORDER BY d.no DESC;

-- name: draft_delete
-- Delete a draft.
DELETE FROM draft WHERE id = :id;
