-- SPDX-License-Identifier: Apache-2.0
-- An enrolment that did not come to its end can be taken back, so that the agency can be enrolled anew.
--
-- The row stays, because entries of our own log may belong to it; no statement but the number of a link finds it any
-- more. It can only be a link on which no message ever had a number, in either direction.

-- When two officers took the enrolment back; NULL for every link that counts.
ALTER TABLE link ADD COLUMN withdrawn_at INTEGER;

CREATE TRIGGER link_withdrawn BEFORE UPDATE ON link
WHEN OLD.withdrawn_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'append-only: this enrolment was taken back'); END;

CREATE TRIGGER link_used BEFORE UPDATE OF withdrawn_at ON link
WHEN NEW.withdrawn_at IS NOT NULL AND (
    OLD.next_seq > 1 OR OLD.contiguous_in > 0 OR OLD.own_epoch > 1 OR OLD.partner_epoch > 1
    OR EXISTS (SELECT 1 FROM message WHERE link = OLD.no)
    OR EXISTS (SELECT 1 FROM log WHERE link = OLD.no AND writer = OLD.partner AND size > 0)
)
BEGIN SELECT RAISE(ABORT, 'append-only: this link was used'); END;

-- The cards of an agency go with its enrolment: they may be of somebody else who used its name.
DROP TRIGGER card_kept;

CREATE TRIGGER card_kept BEFORE DELETE ON card
WHEN EXISTS (SELECT 1 FROM link WHERE partner = OLD.agency AND withdrawn_at IS NULL)
    OR NOT EXISTS (SELECT 1 FROM link WHERE partner = OLD.agency)
BEGIN SELECT RAISE(ABORT, 'append-only: a card is never deleted'); END;
