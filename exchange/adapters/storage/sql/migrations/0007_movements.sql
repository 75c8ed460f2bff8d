-- SPDX-License-Identifier: Apache-2.0
-- Movements, the cases that were ever named in them, their events; and what was announced of crossings.

CREATE TABLE movement (
    no INTEGER PRIMARY KEY,
    link INTEGER NOT NULL REFERENCES link (no),
    key INTEGER NOT NULL,
    code BLOB,  -- sealed under the key of the movement; NULL after erasure, as are tokens and snapshot
    token BLOB CHECK (token IS NULL OR length(token) = 16),
    group_token BLOB CHECK (group_token IS NULL OR length(group_token) = 16),
    host TEXT NOT NULL,
    origin TEXT NOT NULL,
    state TEXT NOT NULL,
    snapshot BLOB,  -- sealed: it holds the list
    provisional INTEGER NOT NULL CHECK (provisional >= 0),
    opened_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX movement_by_token ON movement (token, link) WHERE token IS NOT NULL;
CREATE INDEX movement_by_group ON movement (group_token) WHERE group_token IS NOT NULL;
CREATE INDEX movement_by_change ON movement (changed_at);
CREATE INDEX movement_by_link ON movement (link, changed_at);

CREATE TABLE movement_case (
    movement INTEGER NOT NULL REFERENCES movement (no),
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    PRIMARY KEY (movement, case_file)
) STRICT, WITHOUT ROWID;

CREATE INDEX movement_case_by_case ON movement_case (case_file);

CREATE TRIGGER movement_case_new BEFORE INSERT ON movement_case
WHEN EXISTS (SELECT 1 FROM movement_case WHERE movement = NEW.movement AND case_file = NEW.case_file)
BEGIN SELECT RAISE(ABORT, 'append-only: this case is named in the movement already'); END;

CREATE TRIGGER movement_case_fixed BEFORE UPDATE ON movement_case
BEGIN SELECT RAISE(ABORT, 'append-only: a case stays named in a movement'); END;

CREATE TRIGGER movement_case_kept BEFORE DELETE ON movement_case
BEGIN SELECT RAISE(ABORT, 'append-only: a case stays named in a movement'); END;

CREATE TABLE movement_event (
    movement INTEGER NOT NULL REFERENCES movement (no),
    n INTEGER NOT NULL,
    link INTEGER NOT NULL REFERENCES link (no),
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    seq INTEGER NOT NULL,
    message BLOB NOT NULL CHECK (length(message) = 16),
    type TEXT NOT NULL,
    state_before TEXT NOT NULL,
    state_after TEXT NOT NULL,
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    at INTEGER NOT NULL,
    PRIMARY KEY (movement, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX movement_event_by_message ON movement_event (link, direction, seq);

CREATE TRIGGER movement_event_next BEFORE INSERT ON movement_event
WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM movement_event WHERE movement = NEW.movement)
BEGIN SELECT RAISE(ABORT, 'append-only: not the next event of this movement'); END;

CREATE TRIGGER movement_event_fixed BEFORE UPDATE ON movement_event
BEGIN SELECT RAISE(ABORT, 'append-only: a movement event never changes'); END;

CREATE TRIGGER movement_event_kept BEFORE DELETE ON movement_event
BEGIN SELECT RAISE(ABORT, 'append-only: a movement event is never deleted'); END;

CREATE TABLE crossing (
    link INTEGER NOT NULL REFERENCES link (no),
    checkpoint TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('out', 'in')),
    seq INTEGER NOT NULL,
    status TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER,
    PRIMARY KEY (link, checkpoint, direction, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER crossing_new BEFORE INSERT ON crossing
WHEN EXISTS (
    SELECT 1 FROM crossing
    WHERE link = NEW.link AND checkpoint = NEW.checkpoint AND direction = NEW.direction AND seq = NEW.seq
)
BEGIN SELECT RAISE(ABORT, 'append-only: this announcement of a crossing exists'); END;

CREATE TRIGGER crossing_fixed BEFORE UPDATE ON crossing
BEGIN SELECT RAISE(ABORT, 'append-only: an announcement of a crossing never changes'); END;

CREATE TRIGGER crossing_kept BEFORE DELETE ON crossing
BEGIN SELECT RAISE(ABORT, 'append-only: an announcement of a crossing is never deleted'); END;
