-- SPDX-License-Identifier: Apache-2.0

-- name: client_add
-- A new client system.
INSERT INTO client (name, officer, roles, token, made_at, expires_at)
VALUES (:name, :officer, :roles, :token, :made_at, :expires_at);

-- name: client_get
-- One client system by its name.
SELECT name, officer, roles, token, made_at, expires_at, ended_at FROM client WHERE name = :name;

-- name: client_list
-- Every client system, by name.
SELECT name, officer, roles, token, made_at, expires_at, ended_at FROM client ORDER BY name;

-- name: client_end
-- End a client system; it is written once.
UPDATE client SET ended_at = :at WHERE name = :name AND ended_at IS NULL;

-- name: kept_answer_put
-- Keep how far a write of a client came.
INSERT INTO kept_answer (client, key, request, state, answer, begun_at)
VALUES (:client, :key, :request, :state, :answer, :begun_at)
ON CONFLICT (client, key) DO UPDATE SET
    request = excluded.request, state = excluded.state, answer = excluded.answer, begun_at = excluded.begun_at;

-- name: kept_answer_get
-- What is kept of one write of a client.
SELECT request, state, answer, begun_at FROM kept_answer WHERE client = :client AND key = :key;

-- name: kept_answer_drop
-- Forget a write that changed nothing.
DELETE FROM kept_answer WHERE client = :client AND key = :key;

-- name: kept_answer_places
-- Where every kept answer lies.
SELECT client, key FROM kept_answer ORDER BY client, key;

-- name: kept_answer_forget
-- Forget the oldest writes that began before a moment.
DELETE FROM kept_answer WHERE (client, key) IN (
    SELECT client, key FROM kept_answer WHERE begun_at < :before ORDER BY begun_at LIMIT +:limit
);
