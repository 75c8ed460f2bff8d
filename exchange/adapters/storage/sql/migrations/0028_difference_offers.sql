-- SPDX-License-Identifier: Apache-2.0
-- A proposal to accept a difference as it is, until a second person of this side agrees or somebody lets it go.
--
-- The text is what the partner will read; like every word about a ledger it names nobody.

ALTER TABLE named_difference ADD COLUMN offered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE named_difference ADD COLUMN offered_text TEXT NOT NULL DEFAULT '';

CREATE INDEX named_difference_offered ON named_difference (link, no) WHERE offered_by <> '';
