-- SPDX-License-Identifier: Apache-2.0
-- Until when each open question has to be answered, kept beside it, so that nobody computes 40,000 ends to show ten.
--
-- Whatever an end follows from marks the kept one as stale, in the same transaction: the question itself, another
-- question of the case, the state of the case and what happened in it. A stale end is computed again before it counts.

ALTER TABLE question ADD COLUMN stale INTEGER NOT NULL DEFAULT 1 CHECK (stale IN (0, 1));
ALTER TABLE question ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0 CHECK (awaited IN (0, 1));
ALTER TABLE question ADD COLUMN answering INTEGER NOT NULL DEFAULT 0 CHECK (answering IN (0, 1));
ALTER TABLE question ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));
-- The end as in `cases.deadlines.Due`; without one `until_at` is the last instant of the year 9999.
ALTER TABLE question ADD COLUMN until_at INTEGER NOT NULL DEFAULT 253402300799000;
ALTER TABLE question ADD COLUMN began_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE question ADD COLUMN today_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE question ADD COLUMN over_at INTEGER NOT NULL DEFAULT 253402300799000;
ALTER TABLE question ADD COLUMN last_on TEXT NOT NULL DEFAULT '';

CREATE INDEX question_stale ON question (link, direction, seq, case_file) WHERE stale = 1;
-- In the order of a worklist, by task: the persons of a message with the same end.
CREATE INDEX question_by_end
ON question (until_at, seq, link, direction, answering, held, began_at, over_at) WHERE awaited = 1;

CREATE TRIGGER question_asked AFTER INSERT ON question WHEN NEW.case_file > 0
BEGIN UPDATE question SET stale = 1 WHERE case_file = NEW.case_file AND stale = 0; END;

CREATE TRIGGER question_changed AFTER UPDATE OF effective, reply ON question WHEN NEW.case_file > 0
BEGIN UPDATE question SET stale = 1 WHERE case_file = NEW.case_file AND stale = 0; END;

CREATE TRIGGER question_gone AFTER DELETE ON question WHEN OLD.case_file > 0
BEGIN UPDATE question SET stale = 1 WHERE case_file = OLD.case_file AND stale = 0; END;

CREATE TRIGGER question_case_moved AFTER UPDATE OF state ON case_state WHEN NEW.state <> OLD.state
BEGIN UPDATE question SET stale = 1 WHERE case_file = NEW.case_file AND stale = 0; END;

CREATE TRIGGER question_case_event AFTER INSERT ON case_event
BEGIN UPDATE question SET stale = 1 WHERE case_file = NEW.case_file AND stale = 0; END;
