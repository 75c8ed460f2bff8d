-- SPDX-License-Identifier: Apache-2.0

-- name: link_number
-- The short number that stands for a link in every table.
SELECT no FROM link WHERE link = :link;

-- name: link_add
-- A new link.
INSERT INTO link (
    link, partner, state, agreement_n, suite, next_seq, contiguous_in, own_epoch, partner_epoch,
    reason
) VALUES (
    :link, :partner, :state, :agreement_n, :suite, :next_seq, :contiguous_in, :own_epoch, :partner_epoch,
    :reason
);

-- name: link_step
-- Move the two numbers of a link forward.
UPDATE link SET next_seq = :next_seq, contiguous_in = :contiguous_in WHERE link = :link;

-- name: link_update
-- Replace the row of a link.
UPDATE link SET
    partner = :partner, state = :state, agreement_n = :agreement_n, suite = :suite, next_seq = :next_seq,
    contiguous_in = :contiguous_in, own_epoch = :own_epoch, partner_epoch = :partner_epoch,
    reason = :reason
WHERE link = :link;

-- name: link_withdraw
-- Note that an enrolment was taken back.
UPDATE link SET withdrawn_at = :at WHERE link = :link AND withdrawn_at IS NULL;

-- name: link_was_withdrawn
-- Whether an enrolment was taken back.
SELECT 1 FROM link WHERE link = :link AND withdrawn_at IS NOT NULL;

-- name: link_get
-- One link that counts.
SELECT link, partner, state, agreement_n, suite, next_seq, contiguous_in, own_epoch, partner_epoch,
    reason
FROM link WHERE link = :link AND withdrawn_at IS NULL;

-- name: link_of_partner
-- The newest link with a partner that counts.
SELECT link, partner, state, agreement_n, suite, next_seq, contiguous_in, own_epoch, partner_epoch,
    reason
FROM link WHERE partner = :partner AND withdrawn_at IS NULL ORDER BY no DESC LIMIT 1;

-- name: link_all
-- Every link that counts, oldest first; there are a few dozen at most.
SELECT link, partner, state, agreement_n, suite, next_seq, contiguous_in, own_epoch, partner_epoch,
    reason
FROM link WHERE withdrawn_at IS NULL ORDER BY no;

-- name: agreement_add
-- The next version of the agreement of a link.
INSERT INTO agreement (link, n, raw, own_signature, partner_signature, own_from_seq, partner_from_seq)
VALUES (:link, :n, :raw, :own_signature, :partner_signature, :own_from_seq, :partner_from_seq);

-- name: agreement_get
-- One version of the agreement of a link.
SELECT n, raw, own_signature, partner_signature, own_from_seq, partner_from_seq
FROM agreement WHERE link = :link AND n = :n;

-- name: agreement_fill
-- Fill signatures and first numbers; what is NULL stays as it is.
UPDATE agreement SET
    own_signature = coalesce(:own, own_signature),
    partner_signature = coalesce(:partner, partner_signature),
    own_from_seq = coalesce(:own_from_seq, own_from_seq),
    partner_from_seq = coalesce(:partner_from_seq, partner_from_seq)
WHERE link = :link AND n = :n;

-- name: card_add
-- A card with a higher serial than the kept ones of its agency.
INSERT INTO card (agency, serial, raw, digest, held_since)
VALUES (:agency, :serial, :raw, :digest, :held_since);

-- name: card_all
-- Every card of an agency, by serial.
SELECT agency, serial, raw, digest, held_since FROM card WHERE agency = :agency ORDER BY serial;

-- name: card_drop
-- Remove the cards of an agency whose enrolment was taken back.
DELETE FROM card WHERE agency = :agency;

-- name: span_all
-- Where the keys of the partner of a link count in one epoch of its log; a few dozen.
SELECT key_use, kid, from_index, until_index FROM key_span
WHERE link = :link AND epoch = :epoch ORDER BY key_use, kid;

-- name: span_add
-- The place of a key that had none.
INSERT INTO key_span (link, epoch, key_use, kid, from_index, until_index)
VALUES (:link, :epoch, :use, :kid, :from_index, :until_index);

-- name: span_change
-- The place of a key becomes less.
UPDATE key_span SET from_index = :from_index, until_index = :until_index
WHERE link = :link AND epoch = :epoch AND key_use = :use AND kid = :kid;
