-- SPDX-License-Identifier: Apache-2.0
-- Messages that one person released in an emergency, until a second person has looked at them.

CREATE TABLE emergency (
    message INTEGER PRIMARY KEY REFERENCES message (no),
    act TEXT NOT NULL,
    released_by TEXT NOT NULL,
    until_at INTEGER NOT NULL,
    seen_by TEXT,
    seen_at INTEGER,
    agrees INTEGER CHECK (agrees IN (0, 1)),
    CHECK ((seen_by IS NULL) = (seen_at IS NULL) AND (seen_by IS NULL) = (agrees IS NULL)),
    CHECK (seen_by <> released_by)
) STRICT;

CREATE INDEX emergency_open ON emergency (until_at) WHERE seen_by IS NULL;
