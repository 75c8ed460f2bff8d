-- SPDX-License-Identifier: Apache-2.0
-- Search tokens stand in blocks of 2,048 cases, so that the tokens of a new case go to a few pages.
--
-- Tokens are random numbers. In one tree over all cases each of the dozen tokens of a person wrote another page: the
-- more cases there were, the more each new one cost. A search looks into every block.

CREATE TABLE case_token_in_block (
    block INTEGER NOT NULL,
    token INTEGER NOT NULL,
    case_file INTEGER NOT NULL REFERENCES case_file (no),
    PRIMARY KEY (block, token, case_file),
    CHECK (block = case_file >> 11)
) STRICT, WITHOUT ROWID;

INSERT INTO case_token_in_block (block, token, case_file)
SELECT case_file >> 11, token, case_file FROM case_token ORDER BY case_file >> 11, token, case_file;

DROP TABLE case_token;

ALTER TABLE case_token_in_block RENAME TO case_token;
