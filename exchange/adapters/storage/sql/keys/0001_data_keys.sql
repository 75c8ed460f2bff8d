-- SPDX-License-Identifier: Apache-2.0
-- The key store: wrapped data keys, in a file of its own so that a key can be destroyed for good.

CREATE TABLE key_store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    store BLOB NOT NULL CHECK (length(store) = 16),
    proof BLOB NOT NULL  -- something sealed with the store key, to recognise a wrong one
) STRICT;

-- AUTOINCREMENT: the number of a destroyed key is never given to another key.
CREATE TABLE data_key (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    wrapped BLOB NOT NULL CHECK (length(wrapped) = 60)
) STRICT;

CREATE TRIGGER data_key_fixed BEFORE UPDATE ON data_key
BEGIN SELECT RAISE(ABORT, 'append-only: a data key never changes'); END;

CREATE TRIGGER data_key_new BEFORE INSERT ON data_key
WHEN EXISTS (SELECT 1 FROM data_key WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'append-only: this data key exists'); END;
