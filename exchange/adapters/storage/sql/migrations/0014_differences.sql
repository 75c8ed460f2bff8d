-- SPDX-License-Identifier: Apache-2.0
-- Differences with their life, and the statements of both sides. Numbers, entries and states; names nobody.

CREATE TABLE named_difference (
    link INTEGER NOT NULL REFERENCES link (no),
    no INTEGER NOT NULL CHECK (no >= 1),  -- of this side, from 1 on each link
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    sender TEXT,
    number INTEGER NOT NULL,
    last_number INTEGER NOT NULL,
    leaves TEXT NOT NULL,  -- log, index and digest of each entry, as JSON
    acts_first TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('open', 'explained', 'resent', 'corrected', 'accepted', 'escalated', 'closed')
    ),
    changed_at INTEGER NOT NULL,
    told BLOB CHECK (told IS NULL OR length(told) = 16),  -- our difference notice
    told_dg BLOB CHECK (told_dg IS NULL OR length(told_dg) = 32),
    heard BLOB CHECK (heard IS NULL OR length(heard) = 16),  -- the partner's
    heard_dg BLOB CHECK (heard_dg IS NULL OR length(heard_dg) = 32),
    heard_no INTEGER NOT NULL,  -- the partner's number of it, as in its entry dsco; 0 while unknown
    ours BLOB CHECK (ours IS NULL OR length(ours) = 16),  -- our last resolution
    theirs BLOB CHECK (theirs IS NULL OR length(theirs) = 16),
    accepted_by TEXT NOT NULL,  -- the two officers of this side, or nothing
    we_settled INTEGER NOT NULL CHECK (we_settled IN (0, 1)),
    they_settled INTEGER NOT NULL CHECK (they_settled IN (0, 1)),
    PRIMARY KEY (link, no)
) STRICT;

CREATE UNIQUE INDEX named_difference_key ON named_difference (link, key);
CREATE INDEX named_difference_live ON named_difference (link, no) WHERE state <> 'closed';

CREATE TRIGGER named_difference_new BEFORE INSERT ON named_difference
WHEN EXISTS (SELECT 1 FROM named_difference WHERE link = NEW.link AND (no = NEW.no OR key = NEW.key))
    OR EXISTS (SELECT 1 FROM named_difference WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append-only: this difference is named'); END;

CREATE TRIGGER named_difference_fixed BEFORE UPDATE OF link, no, key, kind, found_at ON named_difference
BEGIN SELECT RAISE(ABORT, 'append-only: a difference keeps its class and its number'); END;

CREATE TRIGGER named_difference_kept BEFORE DELETE ON named_difference
BEGIN SELECT RAISE(ABORT, 'append-only: a difference is never deleted'); END;

CREATE TABLE statement (
    link INTEGER NOT NULL REFERENCES link (no),
    maker TEXT NOT NULL CHECK (maker IN ('own', 'partner')),
    no INTEGER NOT NULL CHECK (no >= 1),
    period TEXT NOT NULL,  -- a day or a month in UTC
    dg BLOB NOT NULL CHECK (length(dg) = 32),  -- commitment of its message
    leaf_index INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('', 'agreed', 'differs')),
    answered_at INTEGER,
    answered_by TEXT NOT NULL,  -- an officer of this side, node, partner, or nothing
    findings TEXT NOT NULL,  -- places in the statement that our own figures do not give
    PRIMARY KEY (link, maker, no)
) STRICT;

CREATE INDEX statement_unanswered ON statement (link, maker, no) WHERE answer = '';

CREATE TRIGGER statement_new BEFORE INSERT ON statement
WHEN EXISTS (
        SELECT 1 FROM statement WHERE link = NEW.link AND maker = NEW.maker AND no = NEW.no
    )
    OR EXISTS (SELECT 1 FROM statement WHERE rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'append-only: this statement is kept'); END;

CREATE TRIGGER statement_fixed BEFORE UPDATE OF link, maker, no, period, dg, leaf_index, made_at ON statement
BEGIN SELECT RAISE(ABORT, 'append-only: a statement never changes'); END;

CREATE TRIGGER statement_kept BEFORE DELETE ON statement
BEGIN SELECT RAISE(ABORT, 'append-only: a statement is never deleted'); END;

-- Statements, difference notices and their resolutions name no case either.
CREATE INDEX message_of_ledger ON message (link, type, no) WHERE type IN ('STM', 'DSC', 'DRS');
