-- SPDX-License-Identifier: Apache-2.0
-- The digest of a draft by itself, so that a list of drafts opens 32 bytes of each and not the whole document.
--
-- Sealed under the key of the draft, for it could confirm a guess. Drafts of an older program have none; their
-- document is opened until they are saved again.

ALTER TABLE draft ADD COLUMN summary BLOB;
