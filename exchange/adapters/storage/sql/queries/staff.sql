-- SPDX-License-Identifier: Apache-2.0

-- name: account_key
-- The data key of an account.
SELECT key FROM account WHERE officer = :officer;

-- name: account_save
-- Keep an account, or replace it.
INSERT INTO account
    (officer, key, roles, language, secrets, code_step, must_change, opened_at, changed_at, closed_at)
VALUES
    (:officer, :key, :roles, :language, :secrets, :code_step, :must_change, :opened_at, :changed_at, :closed_at)
ON CONFLICT (officer) DO UPDATE SET
    roles = excluded.roles, language = excluded.language, secrets = excluded.secrets,
    code_step = excluded.code_step, must_change = excluded.must_change, changed_at = excluded.changed_at,
    closed_at = excluded.closed_at;

-- name: account_get
-- One account.
SELECT officer, key, roles, language, secrets, code_step, must_change, opened_at, changed_at, closed_at
FROM account WHERE officer = :officer;

-- name: account_list
-- Every account by its officer.
SELECT officer, key, roles, language, secrets, code_step, must_change, opened_at, changed_at, closed_at
FROM account ORDER BY officer;

-- name: session_save
-- Keep a sign-in, or when it was used.
INSERT INTO session (digest, officer, began_at, used_at) VALUES (:digest, :officer, :began_at, :used_at)
ON CONFLICT (digest) DO UPDATE SET used_at = excluded.used_at;

-- name: session_get
-- One sign-in by the digest of its token.
SELECT digest, officer, began_at, used_at FROM session WHERE digest = :digest;

-- name: session_delete
-- End a sign-in.
DELETE FROM session WHERE digest = :digest;

-- name: session_delete_of
-- End every sign-in of an officer.
DELETE FROM session WHERE officer = :officer;

-- name: session_delete_before
-- Forget sign-ins that began before a moment.
DELETE FROM session WHERE began_at < :moment;

-- name: form_key
-- The data key of a form.
SELECT key FROM form WHERE id = :id;

-- name: form_save
-- Keep a form, or replace it.
INSERT INTO form (id, key, link, officer, type, content, version, changed_at)
VALUES (:id, :key, :link, :officer, :type, :content, :version, :changed_at)
ON CONFLICT (id) DO UPDATE SET
    content = excluded.content, version = excluded.version, changed_at = excluded.changed_at;

-- name: form_get
-- One form.
SELECT f.id, f.key, link.link, f.officer, f.type, f.content, f.version, f.changed_at
FROM form AS f JOIN link ON link.no = f.link WHERE f.id = :id;

-- name: form_of
-- The forms of an officer without their content, last changed first.
SELECT f.id, link.link, f.officer, f.type, f.version, f.changed_at
FROM form AS f JOIN link ON link.no = f.link WHERE f.officer = :officer ORDER BY f.changed_at DESC, f.id DESC;

-- name: form_list
-- Every form.
SELECT form.id, form.key, link.link, form.officer, form.type, form.content, form.version, form.changed_at
FROM form JOIN link ON link.no = form.link;

-- name: form_delete
-- Delete a form.
DELETE FROM form WHERE id = :id;

-- name: passkey_add
-- A passkey of an officer.
INSERT INTO passkey (id, officer, public_key, signs, added_at, used_at)
VALUES (:id, :officer, :public_key, :signs, :added_at, :used_at);

-- name: passkey_get
-- One passkey.
SELECT id, officer, public_key, signs, added_at, used_at FROM passkey WHERE id = :id;

-- name: passkey_of
-- The passkeys of an officer, the oldest first.
SELECT id, officer, public_key, signs, added_at, used_at FROM passkey WHERE officer = :officer ORDER BY added_at;

-- name: passkey_used
-- A passkey was used.
UPDATE passkey SET signs = :signs, used_at = :used_at WHERE id = :id;

-- name: passkey_delete
-- Forget a passkey of an officer.
DELETE FROM passkey WHERE id = :id AND officer = :officer;

-- name: passkey_delete_of
-- Forget every passkey of an officer.
DELETE FROM passkey WHERE officer = :officer;

-- name: outside_name_save
-- Keep who an officer is at the sign-in service.
INSERT INTO outside_name (officer, digest, set_by, set_at) VALUES (:officer, :digest, :set_by, :set_at)
ON CONFLICT (officer) DO UPDATE SET digest = excluded.digest, set_by = excluded.set_by, set_at = excluded.set_at;

-- name: outside_name_find
-- The officer of a digest.
SELECT officer FROM outside_name WHERE digest = :digest;

-- name: outside_name_of
-- Whether an officer is known at the sign-in service.
SELECT digest FROM outside_name WHERE officer = :officer;

-- name: outside_name_delete
-- Forget who an officer is at the sign-in service.
DELETE FROM outside_name WHERE officer = :officer;
