-- SPDX-License-Identifier: Apache-2.0

-- name: proposal_put
-- Keep a proposal, or replace the earlier one of the same act.
INSERT INTO proposal (case_file, act, reason, digest, proposed_by, proposed_at)
VALUES (:case_file, :act, :reason, :digest, :proposed_by, :proposed_at)
ON CONFLICT (case_file, act) DO UPDATE SET
    reason = excluded.reason, digest = excluded.digest, proposed_by = excluded.proposed_by,
    proposed_at = excluded.proposed_at;

-- name: proposal_get
-- One proposal.
SELECT link.link, f.no, f.key, f.code, p.act, p.reason, p.digest, p.proposed_by, p.proposed_at
FROM proposal AS p JOIN case_file AS f ON f.no = p.case_file JOIN link ON link.no = f.link
WHERE p.case_file = :case_file AND p.act = :act;

-- name: proposal_list
-- Every proposal, the oldest first.
SELECT link.link, f.no, f.key, f.code, p.act, p.reason, p.digest, p.proposed_by, p.proposed_at
FROM proposal AS p JOIN case_file AS f ON f.no = p.case_file JOIN link ON link.no = f.link
ORDER BY p.proposed_at, p.case_file, p.act;

-- name: proposal_drop
-- A proposal was confirmed or given up.
DELETE FROM proposal WHERE case_file = :case_file AND act = :act;

-- name: proposal_drop_of_case
-- Let the proposals of an erased case go.
DELETE FROM proposal WHERE case_file = :case_file;

-- name: legal_hold_add
-- A legal hold on the case of a token.
INSERT INTO legal_hold (no, link, token, reason, placed_by, placed_with, placed_at)
SELECT coalesce(max(no), 0) + 1, :link, :token, :reason, :placed_by, :placed_with, :placed_at FROM legal_hold;

-- name: legal_hold_lift
-- A legal hold is over.
UPDATE legal_hold SET lifted_by = :lifted_by, lifted_with = :lifted_with, lifted_at = :lifted_at
WHERE token = :token AND link = :link AND lifted_at IS NULL;

-- name: legal_hold_of
-- The hold that is on a case now.
SELECT reason, placed_by, placed_with, placed_at
FROM legal_hold WHERE token = :token AND link = :link AND lifted_at IS NULL;

-- name: legal_hold_list
-- Every hold that is on now, the oldest first.
SELECT link.link, f.no, f.key, f.code, h.reason, h.placed_by, h.placed_with, h.placed_at
FROM legal_hold AS h JOIN link ON link.no = h.link
LEFT JOIN case_file AS f ON f.token = h.token AND f.link = h.link
WHERE h.lifted_at IS NULL ORDER BY h.no;

-- name: erasure_add
-- A case was erased.
INSERT INTO erasure (no, link, reason, is_shared, mark, erased_by, erased_with, erased_at)
SELECT coalesce(max(no), 0) + 1, :link, :reason, :is_shared, :mark, :erased_by, :erased_with, :erased_at
FROM erasure;

-- name: erasure_unsaid
-- What our log has not said yet of cases erased before a moment.
SELECT mark FROM erasure
WHERE link = :link AND mark IS NOT NULL AND erased_at < :before ORDER BY mark;

-- name: erasure_said
-- Our log has said it; the marks go.
UPDATE erasure SET mark = NULL, said_index = :said_index
WHERE link = :link AND mark IS NOT NULL AND erased_at < :before;

-- name: erasure_count
-- How many shared cases were erased.
SELECT count(*) FROM erasure WHERE link = :link AND is_shared = 1;

-- name: heard_erasure_add
-- The partner said that it erased; known entries stay.
INSERT INTO heard_erasure (link, epoch, leaf_index, n, dg, at)
SELECT :link, partner_epoch, :leaf_index, :n, :dg, :at FROM link
WHERE no = :link AND NOT EXISTS (
    SELECT 1 FROM heard_erasure
    WHERE link = :link AND epoch = link.partner_epoch AND leaf_index = :leaf_index
);

-- name: heard_erasure_list
-- What the partner said that it erased, the oldest first.
SELECT leaf_index, n, dg, at FROM heard_erasure WHERE link = :link ORDER BY epoch, leaf_index;
