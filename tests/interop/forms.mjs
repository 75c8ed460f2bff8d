// SPDX-License-Identifier: Apache-2.0
// Common forms, strict JSON, schemas, keys, signed objects. Source: docs/protocol/objects.md, enrolment.md.
import * as crypto from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

export class Fault extends Error {
  constructor(code, why = '') { super(`${code} ${why}`); this.code = code; }
}
export const faultOf = (error) => { if (error instanceof Fault) return error; throw error; }; // any other error is ours
export const demand = (right, code, why) => { if (!right) throw new Fault(code, why); };

export const b64u = (bytes) => Buffer.from(bytes).toString('base64url');
export const sha256 = (...pieces) => pieces.reduce((hash, piece) => hash.update(piece), crypto.createHash('sha256')).digest();
export const digest = (bytes) => b64u(sha256(bytes));
export const keyId = (raw) => sha256(raw).subarray(0, 8).toString('hex');
export const random = (size) => b64u(crypto.randomBytes(size));
export const instant = (ms = Date.now()) => new Date(ms).toISOString();
export function unb64(text, size, form = 'base64url') { // exact: the bytes give the same text again
  const bytes = Buffer.from(text, form);
  demand(bytes.toString(form) === text && (size ?? bytes.length) === bytes.length, 'form', `${form} is not exact`);
  return bytes;
}
export const messageId = (time = Date.now().toString(16).padStart(12, '0')) => // a UUID of version 7
  `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
export function root(hashes) { // RFC 9162: splits at the largest power of two below the number of leaves
  if (hashes.length < 2) return hashes[0] ?? sha256('');
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return sha256('\x01', root(hashes.slice(0, split)), root(hashes.slice(split)));
}

// What both sides have as files: schemas of the wire and of messages, lists of codes, profiles, words
const ROOT = new URL('../../', import.meta.url);
export const readShared = (path) => readFileSync(new URL(path, ROOT));
export const load = (path) => JSON.parse(readShared(`schemas/${path}`));
export const loadAll = (folder) => readdirSync(new URL(`schemas/${folder}`, ROOT)).map((file) => load(`${folder}/${file}`));
export const seenCodes = []; // filled while a schema looks at a message: [list, code] of each member with a list
const schemas = new Ajv({ strict: false, keywords: [{ keyword: 'x-list', schemaType: 'string',
  validate: (list, code, schema) => schema['x-list-open'] || seenCodes.push([list, code]) }] });
schemas.addSchema([...loadAll('wire'), ...loadAll('messages'), load('profiles/profile.schema.json')]);
export const formOf = (name) => schemas.getSchema(`urn:exchange:${name}`);
export const hasForm = (name, value) => formOf(`wire:${name}:1.0`)(value);
export function fits(name, value, expected = {}) { // the form of an object on the wire, and some members exactly so
  demand(hasForm(name, value), 'form', name);
  for (const [member, one] of Object.entries(expected)) demand(value[member] === one, 'form', `${name}, ${member}`);
  return value;
}

// JSON that is read must come out of JSON.stringify again; objects.md says what that finds. The rest is looked at here
const ODD = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/; // NUL or half of a surrogate pair, as JSON.stringify writes them
export function readJson(bytes, limit, fault = 'form') {
  demand(bytes.length <= limit, fault, `${bytes.length} of ${limit} bytes`);
  let value = null, again = '';
  try { value = JSON.parse(bytes.toString()); again = JSON.stringify(value); } catch { throw new Fault(fault, 'no JSON'); }
  demand(Buffer.from(again).equals(bytes) && !ODD.test(again), fault, 'no compact JSON, or odd characters');
  const right = (one, depth) => {
    if (one === null || typeof one !== 'object') return typeof one !== 'number' || Number.isSafeInteger(one);
    return depth < 16 && Object.keys(one).length <= (Array.isArray(one) ? 2000 : 200)
      && Object.entries(one).every(([name, inner]) => name.length <= 64 && right(inner, depth + 1));
  };
  demand(right(value, 0), fault, 'number, depth or members');
  return value;
}

// Keys: a private key is kept as JWK, a public one travels raw. The schema of a card compares use, algorithm and length, and
// refuses the points of small order: the smaller check that "Checks of a key" allows
export function loadKey(use, jwk) {
  const raw = unb64(jwk.x, 32);
  return { use, kid: keyId(raw), alg: jwk.crv, raw, key: crypto.createPrivateKey({ format: 'jwk', key: jwk }) };
}
export const publicKey = (crv, raw) => crypto.createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv, x: b64u(raw) } });
export const sign = (key, text) => crypto.sign(null, Buffer.from(text), key);
export const verify = (raw, text, signature) => crypto.verify(null, Buffer.from(text), publicKey('Ed25519', raw), signature);

// Signed objects: compact JWS with exactly alg, kid and typ; the name of the type is that of the schema of its payload
const MOST_BYTES = { card: 65536, invitation: 262144, agreement: 262144, envelope: 4096, gate: 262144 };
export function signJws(own, name, payload) {
  const text = `${b64u(JSON.stringify({ alg: 'Ed25519', kid: own.kid, typ: `exchange-${name}+jws` }))}.${b64u(payload)}`;
  return `${text}.${b64u(sign(own.key, text))}`;
}
export const detach = (jws) => jws.replace(/\..*\./, '..');
export const attach = (jws, payload) => jws.replace('..', `.${b64u(payload)}.`);
export function openJws(name, text, expected) { // nothing of the payload counts before `verify` was called
  const [head, body, signature, more] = text.split('.'), most = MOST_BYTES[name];
  demand(text.length <= most && signature && more === undefined && head.length <= 256, 'form', 'no compact JWS');
  const { kid } = fits('jws-header', readJson(unb64(head), 256), { typ: `exchange-${name}+jws` }), bytes = unb64(signature, 64);
  return { kid, payload: fits(name, readJson(unb64(body), most), expected), verify: (raw) =>
    demand(raw && kid === keyId(raw) && verify(raw, `${head}.${body}`, bytes), 'signature_invalid', name) };
}
