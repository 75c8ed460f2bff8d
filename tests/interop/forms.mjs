// SPDX-License-Identifier: Apache-2.0
// Common forms, strict JSON, keys, signed objects. Source: docs/protocol/objects.md, enrolment.md.
import * as crypto from 'node:crypto';

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
export function messageId() { // a UUID of version 7: milliseconds before what is random
  const ms = Date.now().toString(16).padStart(12, '0');
  return `${ms.slice(0, 8)}-${ms.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}
export function root(hashes) { // RFC 9162: splits at the largest power of two below the number of leaves
  if (hashes.length < 2) return hashes[0] ?? sha256('');
  const split = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return sha256('\x01', root(hashes.slice(0, split)), root(hashes.slice(split)));
}

// JSON that is read must come out of JSON.stringify again; objects.md says what that finds. The rest is looked at here
export function readJson(bytes, limit) {
  demand(bytes.length <= limit, 'too_large', `${bytes.length} of ${limit} bytes`);
  let value = null;
  try { value = JSON.parse(bytes.toString()); } catch { throw new Fault('form', 'no JSON'); }
  demand(Buffer.from(JSON.stringify(value)).equals(bytes), 'form', 'no compact JSON');
  const right = (one, depth) => {
    if (typeof one === 'string') return !/\p{Cs}|\0/u.test(one);
    if (one === null || typeof one !== 'object') return typeof one !== 'number' || Number.isSafeInteger(one);
    return depth < 16 && Object.keys(one).length <= (is.list(one) ? 2000 : 200)
      && Object.entries(one).every(([name, inner]) => name.length <= 64 && right(name) && right(inner, depth + 1));
  };
  demand(right(value, 0), 'form', 'number, depth, members or characters');
  return value;
}
export function exact(object, form) { // exactly these members; a check is a pattern for a text, a constant, or a function
  demand(is.object(object) && Object.keys(object).every((name) => Object.hasOwn(form, name)), 'form', 'unknown member');
  for (const [name, check] of Object.entries(form)) {
    const value = object[name], passes = check instanceof RegExp ? is.text(value) && check.test(value)
      : typeof check === 'function' ? value !== undefined && check(value) : value === check;
    demand(passes, 'form', `member ${name}`);
  }
  return object;
}
export const is = {
  text: (one) => typeof one === 'string', list: Array.isArray,
  object: (one) => one !== null && typeof one === 'object' && !Array.isArray(one),
  count: (one) => Number.isSafeInteger(one) && one >= 0, number: (one) => Number.isSafeInteger(one) && one >= 1,
  instant: (one) => is.text(one) && !Number.isNaN(Date.parse(one)) && instant(Date.parse(one)) === one,
  agency: /^[A-Z]{2}(?:-[A-Z0-9]{1,12}){1,4}$/, node: /^[0-9a-f]{16}$/, digest: /^[\w-]{43}$/, nonce: /^[\w-]{22}$/,
  id: /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
};

// Keys: a private key is its seed of 32 bytes
const PKCS8 = { Ed25519: '302e020100300506032b657004220420', X25519: '302e020100300506032b656e04220420' };
export const privateKey = (alg, seed) => crypto.createPrivateKey({ format: 'der', type: 'pkcs8',
  key: Buffer.concat([Buffer.from(PKCS8[alg], 'hex'), seed]) });
export const publicRaw = (key) => unb64(crypto.createPublicKey(key).export({ format: 'jwk' }).x, 32);
export const publicKey = (crv, raw) => crypto.createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv, x: b64u(raw) } });
export const sign = (key, text) => crypto.sign(null, Buffer.from(text), key);
export const verify = (raw, text, signature) => crypto.verify(null, Buffer.from(text), publicKey('Ed25519', raw), signature);

// Checks of a key that is computed with: one of suite 2 is never used here, and one of TLS is only compared. Rule 2 is the
// smaller one that the page allows: canonical, and none of the eight points
const SERVES = { seal: { X25519: 32, 'MLKEM768-X25519': 1216 }, tls: { 'P-256': 65 } };
const P = 2n ** 255n - 19n, SMALL = [0n, 1n, P - 1n, 0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n];
export function checkKey(use, alg, raw) {
  const number = BigInt(`0x${Buffer.from(raw).reverse().toString('hex')}`), y = number & ~(1n << 255n);
  const length = (SERVES[use] ?? { Ed25519: 32 })[alg], sound = { Ed25519: () => y < P && !SMALL.includes(y),
    X25519: () => number < P && exchange(raw).some((byte) => byte) }[alg] ?? (() => true);
  demand(raw.length === length && sound(), 'key', `${use} key ${keyId(raw)} is not sound`);
}
function exchange(raw) { // zero with a key of small order; OpenSSL refuses it itself
  const secret = privateKey('X25519', crypto.randomBytes(32));
  try { return crypto.diffieHellman({ privateKey: secret, publicKey: publicKey('X25519', raw) }); } catch { return []; }
}

// Signed objects: compact JWS with exactly alg, kid and typ
export function signJws(own, typ, payload) {
  const text = `${b64u(JSON.stringify({ alg: 'Ed25519', kid: own.kid, typ }))}.${b64u(payload)}`;
  return `${text}.${b64u(sign(own.key, text))}`;
}
export const detach = (jws) => jws.replace(/\..*\./, '..');
export const attach = (jws, payload) => jws.replace('..', `.${b64u(payload)}.`);
export function openJws(text, typ, limit) { // nothing of the payload counts before `verify` was called
  const [head, body, signature, more] = text.split('.');
  demand(text.length <= limit && signature && more === undefined && head.length <= 256, 'form', 'no compact JWS');
  const { kid } = exact(readJson(unb64(head), 256), { alg: 'Ed25519', kid: is.node, typ }), bytes = unb64(signature, 64);
  return { kid, payload: readJson(unb64(body), limit), verify: (raw) =>
    demand(raw && kid === keyId(raw) && verify(raw, `${head}.${body}`, bytes), 'signature_invalid', typ) };
}
