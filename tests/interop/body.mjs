// SPDX-License-Identifier: Apache-2.0
// Parts, commitment, padding, suite 1, and what schemas and lists decide about a message. Source: docs/protocol/objects.md,
// suites.md, content.md; steps 5 to 8 of receiving.md.
import { webcrypto } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { Fault, b64u, demand, fits, formOf, hasForm, loadAll, publicKey, random, readJson, root, seenCodes,
  sha256, unb64 } from './forms.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here
export const commitment = (id, parts) => b64u(root(parts.map((part, n) =>
  sha256('\0exchange/part/v1\0', id, '\0', Buffer.from([n >> 24, n >> 16, n >> 8, n]), part))));
export const writeParts = ({ header, content, persons }) => [header, content, ...persons].map((part) =>
  Buffer.from(JSON.stringify({ salt: random(32), ...part })));

function sizeClass(n) {
  const small = [1, 2, 4, 6, 8, 16, 32, 64].find((kib) => n <= kib * 1024);
  if (small) return small * 1024;
  const e = Math.floor(Math.log2(n)), step = 2 ** (e - Math.floor(Math.log2(e)) - 1);
  return Math.ceil(n / step) * step;
}
export function pad(parts) {
  const bytes = Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')]));
  return Buffer.concat([bytes, Buffer.alloc(sizeClass(bytes.length) - bytes.length, ' ')]);
}
export function unpad(plaintext) {
  const parts = plaintext.toString('latin1').split('\n').slice(0, -1).map((part) => Buffer.from(part, 'latin1'));
  demand(parts.length >= 2 && parts.length <= 1010 && pad(parts).equals(plaintext), 'commitment_mismatch', 'parts, padding');
  return parts;
}

export const seal = (plaintext, from, to, key) => new CompactEncrypt(plaintext)
  .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: key.kid })
  .setKeyManagementParameters({ apu: Buffer.from(from), apv: Buffer.from(to) })
  .encrypt(publicKey('X25519', unb64(key.raw, 32)));
export async function unseal(body, { from, to }, own) { // whatever fails is decryption_failed
  try {
    const [head, key, iv, text, tag, more] = body.split('.');
    demand(more === undefined && head.length <= 3072 && unb64(key, 40) && unb64(iv, 12) && unb64(text) && unb64(tag, 16), 'form');
    fits('body-header', readJson(unb64(head), 3072), { alg: 'ECDH-ES+A256KW', kid: own.kid, apu: b64u(from), apv: b64u(to) });
    return Buffer.from((await compactDecrypt(body, own.key)).plaintext);
  } catch { throw new Fault('decryption_failed'); }
}

const IN_ENVELOPE = { message_id: 'id', sender: 'from', recipient: 'to', link: 'link', agreement: 'agr' };
export function readMessage(parts, envelope) {
  const read = parts.map((part) => readJson(part, 6291456, 'form_invalid'));
  const right = (one, n) => hasForm('part', one) && parts[n].toString('latin1', 0, 9) === '{"salt":"';
  const salts = read.map((one) => one?.salt), isCarried = (one, n) => n > 1 && hasForm('attachment', one);
  demand(read.every(right) && new Set(salts).size === salts.length, 'form_invalid', 'salt');
  const [header, content, ...persons] = read.filter((one, n) => !isCarried(one, n)).map(({ salt, ...rest }) => rest);
  demand(Object.entries(IN_ENVELOPE).every(([member, one]) => header[member] === envelope[one]), 'header_mismatch');
  checkDocument({ header, content, persons });
  demand(!read.some(isCarried), 'attachment_mismatch', 'no attachments are taken');
  return { document: { header, content, persons }, salts };
}

const lists = new Map(loadAll('codelists').map((one) => [one.list, one])), rules = lists.get('message-rules');
const neverIn = (type) => [...rules.reserved, ...rules.codes.find((one) => one.code === type)?.reserved ?? []];
const hasCode = (list, code) => lists.get(list)?.codes.some((one) => one.code === code);
const major = (version) => String(version).split('.')[0];
export function checkDocument(document) { // version, names that never travel, form, codes
  const { type, type_version: version, list_versions: versions } = document.header;
  const right = formOf(`schema:${String(type).toLowerCase()}:${version}`);
  const known = Object.entries(versions ?? {}).every(([list, one]) => major(lists.get(list)?.version ?? one) === major(one));
  const unknown = typeof type === 'string' ? 'code_unknown' : 'form_invalid';
  demand(right && known, hasCode('message-types', type) ? 'version_unsupported' : unknown, type);
  const never = new Set(neverIn(type)), isBare = (name, value) => name === 'persons' && !value?.length;
  const travels = (one) => one === null || typeof one !== 'object' || Object.entries(one).every(([name, value]) =>
    (isBare(name, value) || !never.has(name)) && (name === 'list_versions' || travels(value)));
  demand(travels(document), 'over_disclosure', type);
  seenCodes.length = 0;
  demand(right(document), 'form_invalid', type);
  demand(seenCodes.every(([list, code]) => hasCode(list, code)), 'code_unknown', type);
}
