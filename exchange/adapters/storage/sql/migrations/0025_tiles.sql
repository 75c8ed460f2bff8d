-- SPDX-License-Identifier: Apache-2.0
-- Roots of the full tiles of each log: 32 bytes for 256 leaves, written as the log grows, for proofs with a few reads.

CREATE TABLE tile_root (
    log INTEGER NOT NULL REFERENCES log (no),
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
    n INTEGER NOT NULL,
    root BLOB NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (log, level, n)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tile_root_next BEFORE INSERT ON tile_root
WHEN NEW.n <> (SELECT coalesce(max(n), -1) + 1 FROM tile_root WHERE log = NEW.log AND level = NEW.level)
BEGIN SELECT RAISE(ABORT, 'append-only: the next tile comes next'); END;
CREATE TRIGGER tile_root_stays BEFORE UPDATE ON tile_root
BEGIN SELECT RAISE(ABORT, 'append-only: a full tile never changes'); END;
CREATE TRIGGER tile_root_is_kept BEFORE DELETE ON tile_root
BEGIN SELECT RAISE(ABORT, 'append-only: a full tile is kept'); END;
