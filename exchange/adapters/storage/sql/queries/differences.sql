-- SPDX-License-Identifier: Apache-2.0

-- name: named_difference_add
-- A difference that is named for the first time.
INSERT INTO named_difference (
    link, no, key, kind, reason, sender, number, last_number, leaves, acts_first, found_at, state, changed_at,
    told, told_dg, heard, heard_dg, heard_no, ours, theirs, accepted_by, we_settled, they_settled,
    offered_by, offered_text
) VALUES (
    :link, :no, :key, :kind, :reason, :sender, :number, :last_number, :leaves, :acts_first, :found_at, :state,
    :changed_at, :told, :told_dg, :heard, :heard_dg, :heard_no, :ours, :theirs, :accepted_by, :we_settled, :they_settled,
    :offered_by, :offered_text
);

-- name: named_difference_change
-- Everything of a difference that its life changes.
UPDATE named_difference SET
    reason = :reason, last_number = :last_number, leaves = :leaves, acts_first = :acts_first, state = :state,
    changed_at = :changed_at, told = :told, told_dg = :told_dg, heard = :heard, heard_dg = :heard_dg,
    heard_no = :heard_no, ours = :ours, theirs = :theirs, accepted_by = :accepted_by, we_settled = :we_settled,
    they_settled = :they_settled, offered_by = :offered_by, offered_text = :offered_text
WHERE link = :link AND no = :no;

-- name: named_difference_get
-- One difference by its number.
SELECT * FROM named_difference WHERE link = :link AND no = :no;

-- name: named_difference_of_key
-- One difference by what makes it the same.
SELECT * FROM named_difference WHERE link = :link AND key = :key;

-- name: named_difference_of_notice
-- The difference that a notice of either side is about.
SELECT * FROM named_difference WHERE link = :link AND (told = :message OR heard = :message) LIMIT 1;

-- name: named_difference_of_digest
-- The difference of an entry `dsco` or `dscr`.
SELECT * FROM named_difference WHERE link = :link AND (told_dg = :dg OR heard_dg = :dg) LIMIT 1;

-- name: named_difference_live
-- Differences that are not closed, after a number.
SELECT * FROM named_difference WHERE link = :link AND state <> 'closed' AND no > :after ORDER BY no LIMIT +:limit;

-- name: named_difference_all
-- Every difference, the newest first.
SELECT * FROM named_difference WHERE link = :link ORDER BY no DESC LIMIT +:limit;

-- name: named_difference_offered
-- Those that somebody of this side proposed to accept as they are.
SELECT * FROM named_difference WHERE link = :link AND offered_by <> '' AND state <> 'closed' ORDER BY no LIMIT +:limit;

-- name: named_difference_last
-- The highest number of a difference, and how many are not closed.
SELECT coalesce(max(no), 0), (
    SELECT count(*) FROM named_difference WHERE link = :link AND state <> 'closed'
) FROM named_difference WHERE link = :link;

-- name: statement_add
-- A statement of either side.
INSERT INTO statement (
    link, maker, no, period, dg, leaf_index, made_at, answer, answered_at, answered_by, findings
) VALUES (
    :link, :maker, :no, :period, :dg, :leaf_index, :made_at, :answer, :answered_at, :answered_by, :findings
);

-- name: statement_answer
-- What is answered to a statement, and what we found in it.
UPDATE statement SET answer = :answer, answered_at = :answered_at, answered_by = :answered_by,
    findings = :findings
WHERE link = :link AND maker = :maker AND no = :no;

-- name: statement_get
-- One statement.
SELECT * FROM statement WHERE link = :link AND maker = :maker AND no = :no;

-- name: statement_unanswered
-- Statements of one side without an answer, oldest first.
SELECT * FROM statement WHERE link = :link AND maker = :maker AND answer = '' ORDER BY no;

-- name: statement_list
-- Statements of both sides, the newest first.
SELECT * FROM statement WHERE link = :link ORDER BY made_at DESC, maker, no DESC LIMIT +:limit;

-- name: statement_last
-- The newest statement of one side whose period has a length: ten for a day, seven for a month.
SELECT * FROM statement WHERE link = :link AND maker = :maker AND length(period) = :length
ORDER BY no DESC LIMIT 1;
