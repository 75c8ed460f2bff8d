-- SPDX-License-Identifier: Apache-2.0
-- What is left of an erased part: the hash by which its message commits to it.
--
-- With it the other parts of the message can still be proved, one person alone, to a court. It confirms no guess:
-- 32 random bytes of the part went into it, and they are gone with the part.

CREATE TABLE part_left (
    place INTEGER PRIMARY KEY,  -- as in part
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER part_left_new BEFORE INSERT ON part_left
WHEN EXISTS (SELECT 1 FROM part_left WHERE place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'append-only: the hash of an erased part is kept once'); END;

CREATE TRIGGER part_left_fixed BEFORE UPDATE ON part_left
BEGIN SELECT RAISE(ABORT, 'append-only: the hash of an erased part never changes'); END;

CREATE TRIGGER part_left_kept BEFORE DELETE ON part_left
BEGIN SELECT RAISE(ABORT, 'append-only: the hash of an erased part is never deleted'); END;
