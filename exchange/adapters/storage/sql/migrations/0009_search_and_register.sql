-- SPDX-License-Identifier: Apache-2.0
-- Keyed tokens by which persons are found again, and the home register of this agency (never sent).
--
-- A token is 64 bits of an HMAC of one search key. Tokens of a case go with the case.

CREATE TABLE case_token (
    token INTEGER NOT NULL,
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    PRIMARY KEY (token, case_file)
) STRICT, WITHOUT ROWID;

CREATE INDEX case_token_by_case ON case_token (case_file);

CREATE TABLE register_entry (
    no INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,  -- that of the case, or an own one while there is no case
    case_file INTEGER REFERENCES case_file (no),
    file_token BLOB NOT NULL UNIQUE CHECK (length(file_token) = 16),  -- of the own file number
    content BLOB NOT NULL,  -- sealed
    changed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX register_entry_by_case ON register_entry (case_file) WHERE case_file IS NOT NULL;

CREATE TABLE register_token (
    token INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES register_entry (no) ON DELETE CASCADE,
    PRIMARY KEY (token, entry)
) STRICT, WITHOUT ROWID;

CREATE INDEX register_token_by_entry ON register_token (entry);
