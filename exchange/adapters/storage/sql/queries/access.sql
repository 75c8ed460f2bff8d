-- SPDX-License-Identifier: Apache-2.0

-- name: reader_propose
-- A reader whom one person proposes.
INSERT INTO case_reader (case_file, officer, proposed_by, proposed_at)
VALUES (:case_file, :officer, :proposed_by, :proposed_at);

-- name: reader_confirm
-- A second person confirms a reader; it is written once.
UPDATE case_reader SET confirmed_by = :by, confirmed_at = :at
WHERE case_file = :case_file AND officer = :officer AND ended_at IS NULL AND confirmed_by IS NULL;

-- name: reader_end
-- A reader is one no longer.
UPDATE case_reader SET ended_at = :at
WHERE case_file = :case_file AND officer = :officer AND ended_at IS NULL;

-- name: reader_list
-- The readers of a case that were not ended, the oldest first.
SELECT officer, proposed_by, proposed_at, confirmed_by, confirmed_at
FROM case_reader WHERE case_file = :case_file AND ended_at IS NULL ORDER BY n;

-- name: desk_add
-- Give a case to an office.
INSERT INTO case_desk (case_file, office, given_by, given_at) VALUES (:case_file, :office, :by, :at)
ON CONFLICT (case_file, office) DO NOTHING;

-- name: desk_list
-- The offices to which a case is given.
SELECT office FROM case_desk WHERE case_file = :case_file ORDER BY office;

-- name: reader_only
-- How many cases have one officer as the only active named reader, or as the last one of their offices.
SELECT count(*) FROM (
    SELECT own.case_file FROM case_reader AS own
    WHERE own.officer = :officer AND own.confirmed_by IS NOT NULL AND own.ended_at IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM case_reader AS other JOIN officer ON officer.number = other.officer
            WHERE other.case_file = own.case_file AND other.officer <> :officer
                AND other.confirmed_by IS NOT NULL AND other.ended_at IS NULL AND officer.valid_to IS NULL
        )
    UNION
    SELECT own.case_file FROM case_desk AS own
    WHERE own.office = (SELECT office FROM officer WHERE number = :officer)
        AND NOT EXISTS (
            SELECT 1 FROM case_desk AS other JOIN officer ON officer.office = other.office
            WHERE other.case_file = own.case_file AND officer.number <> :officer
                AND officer.valid_to IS NULL
        )
);

-- name: opening_note
-- An officer opened something; the same thing again moves its time.
INSERT INTO opening (officer, token, at) VALUES (:officer, :token, :at)
ON CONFLICT (officer, token) DO UPDATE SET at = excluded.at;

-- name: opening_count
-- How much an officer opened since a moment.
SELECT count(*) FROM opening WHERE officer = :officer AND at > :moment;

-- name: opening_forget
-- Forget openings before a moment.
DELETE FROM opening WHERE at <= :moment;

-- name: opening_forget_of
-- Forget the openings of an officer.
DELETE FROM opening WHERE officer = :officer;

-- name: stop_add
-- An officer opened too much.
INSERT INTO reading_stop (officer, at, opened) VALUES (:officer, :at, :opened);

-- name: stop_of
-- The open stop of an officer.
SELECT officer, at, opened FROM reading_stop WHERE officer = :officer AND released_by IS NULL;

-- name: stop_list
-- Every open stop, the oldest first.
SELECT officer, at, opened FROM reading_stop INDEXED BY reading_stop_now WHERE released_by IS NULL ORDER BY n;

-- name: stop_release
-- A second person lets an officer go on.
UPDATE reading_stop SET released_by = :by, released_at = :at WHERE officer = :officer AND released_by IS NULL;

-- name: emergency_opening_add
-- A case was opened by somebody outside its desk.
INSERT INTO emergency_opening (case_file, officer, purpose, at, until_at)
VALUES (:case_file, :officer, :purpose, :at, :until_at);

-- name: emergency_opening_get
-- One opening in an emergency.
SELECT alone.n, f.no, f.key, f.code, link.link, alone.officer, alone.purpose, alone.at, alone.until_at,
    alone.seen_by, alone.seen_at, alone.agrees
FROM emergency_opening AS alone JOIN case_file AS f ON f.no = alone.case_file JOIN link ON link.no = f.link
WHERE alone.n = :n;

-- name: emergency_opening_of
-- Openings of a case by one officer since a moment.
SELECT alone.n, f.no, f.key, f.code, link.link, alone.officer, alone.purpose, alone.at, alone.until_at,
    alone.seen_by, alone.seen_at, alone.agrees
FROM emergency_opening AS alone JOIN case_file AS f ON f.no = alone.case_file JOIN link ON link.no = f.link
WHERE alone.officer = :officer AND alone.case_file = :case_file AND alone.at > :since ORDER BY alone.n;

-- name: emergency_opening_to_see
-- Openings at which nobody has looked yet, the first to be looked at first.
SELECT alone.n, f.no, f.key, f.code, link.link, alone.officer, alone.purpose, alone.at, alone.until_at,
    alone.seen_by, alone.seen_at, alone.agrees
FROM emergency_opening AS alone JOIN case_file AS f ON f.no = alone.case_file JOIN link ON link.no = f.link
WHERE alone.seen_by IS NULL ORDER BY alone.until_at, alone.n;

-- name: emergency_opening_seen
-- A second person has looked; it is written once.
UPDATE emergency_opening SET seen_by = :by, seen_at = :at, agrees = :agrees WHERE n = :n AND seen_by IS NULL;
