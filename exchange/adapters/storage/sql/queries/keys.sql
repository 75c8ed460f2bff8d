-- SPDX-License-Identifier: Apache-2.0

-- name: key_store
-- The store this key store belongs to, and the proof of its store key.
SELECT store, proof FROM key_store WHERE one = 1;

-- name: key_store_begin
-- Say once which store this key store belongs to.
INSERT INTO key_store (one, store, proof) VALUES (1, :store, :proof);

-- name: key_last
-- The highest number any data key ever had.
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'data_key'), 0);

-- name: key_add
-- Keep a wrapped data key under its number.
INSERT INTO data_key (key, wrapped) VALUES (:key, :wrapped);

-- name: key_get
-- A wrapped data key, unless it was destroyed.
SELECT wrapped FROM data_key WHERE key = :key;

-- name: key_destroy
-- Destroy a data key; its bytes are overwritten.
DELETE FROM data_key WHERE key = :key;
