-- SPDX-License-Identifier: Apache-2.0
-- What an officer has to see at once: what arrived and was not opened, who is about to travel, who has arrived.
--
-- Kept apart, so that the first page of an officer reads what is new and never looks for it among a million messages.

-- What the partner sent, was accepted, and nobody of this office has opened yet; stops lie together. A row goes when an
-- officer opens the message, or with the content. What an older store holds counts as opened: nobody knows any more, and
-- a list of everything would hide what is new.
CREATE TABLE unopened (
    stop INTEGER NOT NULL CHECK (stop IN (0, 1)),
    message INTEGER NOT NULL REFERENCES message (no),
    PRIMARY KEY (stop, message)
) STRICT, WITHOUT ROWID;

-- When the window of a movement begins, NULL while it has to be read from its messages: after each change.
ALTER TABLE movement ADD COLUMN window_at INTEGER;

-- The states are those of `movement_under_way`.
CREATE INDEX movement_by_window ON movement (window_at) WHERE state IN ('countered', 'confirmed', 'departed');

-- Persons who were handed over, until their reception is confirmed.
CREATE INDEX case_state_handed_over ON case_state (changed_at) WHERE state = 'handed_over';

-- The end of a proposal also follows from its go/no-go time from now on.
UPDATE question SET stale = 1 WHERE type = 'HPR';
