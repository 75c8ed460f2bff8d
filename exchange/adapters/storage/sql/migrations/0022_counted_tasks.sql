-- SPDX-License-Identifier: Apache-2.0
-- How many tasks there are, by when they are late, so that nobody walks through 40,000 questions to count them.
--
-- A task is the questions of one message with the same end. It is counted when the first of them comes and not any
-- more when the last one goes, by triggers, in the transaction of the change. Time changes no row: what is late is a
-- sum up to now.

CREATE TABLE task_total (
    link INTEGER NOT NULL,
    direction TEXT NOT NULL,
    answering INTEGER NOT NULL,
    type TEXT NOT NULL,
    over_at INTEGER NOT NULL,
    tasks INTEGER NOT NULL CHECK (tasks >= 0),
    PRIMARY KEY (link, direction, answering, type, over_at)
) STRICT, WITHOUT ROWID;

INSERT INTO task_total (link, direction, answering, type, over_at, tasks)
SELECT link, direction, answering, type, over_at, count(*) FROM (
    SELECT DISTINCT until_at, seq, link, direction, answering, held, began_at, over_at, type
    FROM question WHERE awaited = 1
) GROUP BY link, direction, answering, type, over_at;

CREATE TRIGGER task_came AFTER UPDATE OF awaited, answering, held, until_at, began_at, over_at ON question
WHEN NEW.awaited = 1
    AND (OLD.awaited, OLD.answering, OLD.held, OLD.until_at, OLD.began_at, OLD.over_at)
        IS NOT (NEW.awaited, NEW.answering, NEW.held, NEW.until_at, NEW.began_at, NEW.over_at)
    AND NOT EXISTS (
        SELECT 1 FROM question INDEXED BY question_by_end
        WHERE awaited = 1 AND until_at = NEW.until_at AND seq = NEW.seq AND link = NEW.link
            AND direction = NEW.direction AND answering = NEW.answering AND held = NEW.held
            AND began_at = NEW.began_at AND over_at = NEW.over_at AND case_file <> NEW.case_file
    )
BEGIN
    INSERT INTO task_total (link, direction, answering, type, over_at, tasks)
    VALUES (NEW.link, NEW.direction, NEW.answering, NEW.type, NEW.over_at, 1)
    ON CONFLICT DO UPDATE SET tasks = tasks + 1;
END;

CREATE TRIGGER task_left AFTER UPDATE OF awaited, answering, held, until_at, began_at, over_at ON question
WHEN OLD.awaited = 1
    AND (OLD.awaited, OLD.answering, OLD.held, OLD.until_at, OLD.began_at, OLD.over_at)
        IS NOT (NEW.awaited, NEW.answering, NEW.held, NEW.until_at, NEW.began_at, NEW.over_at)
    AND NOT EXISTS (
        SELECT 1 FROM question INDEXED BY question_by_end
        WHERE awaited = 1 AND until_at = OLD.until_at AND seq = OLD.seq AND link = OLD.link
            AND direction = OLD.direction AND answering = OLD.answering AND held = OLD.held
            AND began_at = OLD.began_at AND over_at = OLD.over_at
    )
BEGIN
    UPDATE task_total SET tasks = tasks - 1
    WHERE link = OLD.link AND direction = OLD.direction AND answering = OLD.answering AND type = OLD.type
        AND over_at = OLD.over_at;
    DELETE FROM task_total
    WHERE link = OLD.link AND direction = OLD.direction AND answering = OLD.answering AND type = OLD.type
        AND over_at = OLD.over_at AND tasks = 0;
END;

CREATE TRIGGER task_gone AFTER DELETE ON question
WHEN OLD.awaited = 1
    AND NOT EXISTS (
        SELECT 1 FROM question INDEXED BY question_by_end
        WHERE awaited = 1 AND until_at = OLD.until_at AND seq = OLD.seq AND link = OLD.link
            AND direction = OLD.direction AND answering = OLD.answering AND held = OLD.held
            AND began_at = OLD.began_at AND over_at = OLD.over_at
    )
BEGIN
    UPDATE task_total SET tasks = tasks - 1
    WHERE link = OLD.link AND direction = OLD.direction AND answering = OLD.answering AND type = OLD.type
        AND over_at = OLD.over_at;
    DELETE FROM task_total
    WHERE link = OLD.link AND direction = OLD.direction AND answering = OLD.answering AND type = OLD.type
        AND over_at = OLD.over_at AND tasks = 0;
END;
