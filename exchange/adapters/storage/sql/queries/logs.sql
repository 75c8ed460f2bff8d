-- SPDX-License-Identifier: Apache-2.0

-- name: log_open
-- An empty log of a writer for an epoch.
INSERT INTO log (link, writer, epoch, size, peaks) VALUES (:link, :writer, :epoch, 0, x'');

-- name: log_of_epoch
-- The log of a writer in one epoch.
SELECT no, epoch, size, peaks FROM log WHERE link = :link AND writer = :writer AND epoch = :epoch;

-- name: log_newest
-- The log of a writer in its newest epoch.
SELECT no, epoch, size, peaks FROM log WHERE link = :link AND writer = :writer ORDER BY epoch DESC LIMIT 1;

-- name: log_advance
-- Move a log forward, if it still stands where the caller saw it.
UPDATE log SET size = :new_size, peaks = :new_peaks WHERE no = :log AND size = :size AND peaks = :peaks;

-- name: leaf_add
-- The next leaf of a log.
INSERT INTO leaf (log, i, raw) VALUES (:log, :i, :raw);

-- name: leaf_range
-- The bytes of the leaves of a log from start up to, not including, end.
SELECT raw FROM leaf WHERE log = :log AND i >= :start AND i < :end ORDER BY i;

-- name: head_add
-- A signed head, larger than the kept ones.
INSERT INTO head (log, size, root, note, at) VALUES (:log, :size, :root, :note, :at);

-- name: head_within
-- The largest head of at most a size.
SELECT size, root, note, at FROM head WHERE log = :log AND size <= :size ORDER BY size DESC LIMIT 1;

-- name: cosignature_add
-- A cosignature, unless one over as many leaves is kept already.
INSERT INTO cosignature (log, size, note) SELECT :log, :size, :note
WHERE :size > coalesce((SELECT max(size) FROM cosignature WHERE log = :log), 0);

-- name: cosignature_from
-- The smallest cosigned size from a size on, and its line.
SELECT size, note FROM cosignature WHERE log = :log AND size >= :size ORDER BY size LIMIT 1;

-- name: cosignature_largest
-- The largest cosigned size of a log and its line.
SELECT size, note FROM cosignature WHERE log = :log ORDER BY size DESC LIMIT 1;

-- name: log_gaps
-- Logs whose leaves do not reach their size; none in a sound store.
SELECT log.no FROM log
WHERE log.size <> (SELECT coalesce(max(leaf.i), -1) + 1 FROM leaf WHERE leaf.log = log.no);

-- name: head_line_add
-- A second signature line over a head.
INSERT INTO head_line (log, size, line, at) VALUES (:log, :size, :line, :at);

-- name: head_line_known
-- Whether a head has a second signature line.
SELECT 1 FROM head_line WHERE log = :log AND size = :size;

-- name: head_line_page
-- Second signature lines of a log behind a size, by size.
SELECT size, line FROM head_line WHERE log = :log AND size > :after ORDER BY size LIMIT +:limit;

-- name: tile_root_add
-- The root of the next full tile of a level.
INSERT INTO tile_root (log, level, n, root) VALUES (:log, :level, :n, :root);

-- name: tile_root_count
-- How many full tiles of a level have their root.
SELECT n + 1 FROM tile_root WHERE log = :log AND level = :level ORDER BY n DESC LIMIT 1;

-- name: tile_root_range
-- Roots of full tiles of a level from one to before another.
SELECT root FROM tile_root WHERE log = :log AND level = :level AND n >= :start AND n < :end ORDER BY n;

-- name: stamp_add
-- A time stamp over a head.
INSERT INTO stamp (log, size, tsa, reply, at) VALUES (:log, :size, :tsa, :reply, :at);

-- name: stamp_page
-- Time stamps over heads of a log behind a size and an authority, by size.
SELECT size, tsa, reply, at FROM stamp
WHERE log = :log AND (size, tsa) > (:size, :tsa) ORDER BY size, tsa LIMIT +:limit;

-- name: stamp_newest
-- The newest time stamp of an authority over a head of a log.
SELECT size, tsa, reply, at FROM stamp WHERE log = :log AND tsa = :tsa ORDER BY size DESC LIMIT 1;

-- name: witnessed_add
-- The cosignature of a witness over a head of ours.
INSERT INTO witnessed (log, witness, size, line, at) VALUES (:log, :witness, :size, :line, :at);

-- name: witnessed_size
-- How much of a log a witness has cosigned.
SELECT size FROM witnessed WHERE log = :log AND witness = :witness ORDER BY size DESC LIMIT 1;

-- name: witnessed_around
-- Of each witness the cosignature over the first head within some sizes, and over the newest one.
SELECT w.size, w.witness, w.line FROM (
    SELECT witness, min(size) AS first, max(size) AS newest FROM witnessed
    WHERE log = :log AND size BETWEEN :least AND :most GROUP BY witness
) AS span
JOIN witnessed AS w ON w.log = :log AND w.witness = span.witness AND w.size IN (span.first, span.newest)
ORDER BY w.size, w.witness;

-- name: head_line_around
-- Second signature lines over the first head within some sizes, and over the newest one.
SELECT h.size, h.line FROM (
    SELECT min(size) AS first, max(size) AS newest FROM head_line
    WHERE log = :log AND size BETWEEN :least AND :most
) AS span
JOIN head_line AS h ON h.log = :log AND h.size IN (span.first, span.newest)
ORDER BY h.size;

-- name: stamp_around
-- Of each authority the time stamp over the first head within some sizes, and over the newest one.
SELECT s.size, s.tsa, s.reply, s.at FROM (
    SELECT tsa, min(size) AS first, max(size) AS newest FROM stamp
    WHERE log = :log AND size BETWEEN :least AND :most GROUP BY tsa
) AS span
JOIN stamp AS s ON s.log = :log AND s.tsa = span.tsa AND s.size IN (span.first, span.newest)
ORDER BY s.size, s.tsa;
