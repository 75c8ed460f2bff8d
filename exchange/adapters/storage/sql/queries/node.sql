-- SPDX-License-Identifier: Apache-2.0

-- name: store_id
-- The random id of this store.
SELECT id FROM store WHERE one = 1;

-- name: store_begin
-- Give the store its id, once.
INSERT INTO store (one, id) VALUES (1, :id);

-- name: setting_get
-- A small named value of the node.
SELECT value FROM setting WHERE name = :name;

-- name: setting_put
-- Set a small named value of the node.
INSERT INTO setting (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: node_key
-- The data key the node uses for one purpose.
SELECT key FROM node_key WHERE purpose = :purpose;

-- name: node_key_add
-- Remember the data key for one purpose.
INSERT INTO node_key (purpose, key) VALUES (:purpose, :key);

-- name: ended_keys
-- Data keys that the key store still has to destroy.
SELECT key FROM ended_key;

-- name: ended_key_add
-- End a data key; it is destroyed right after the commit.
INSERT INTO ended_key (key) VALUES (:key) ON CONFLICT DO NOTHING;

-- name: ended_key_done
-- Forget an ended data key after its destruction.
DELETE FROM ended_key WHERE key = :key;
