// SPDX-License-Identifier: Apache-2.0
// Parts, commitment, padding, suite 1. Source: docs/protocol/objects.md, suites.md; steps 5 to 7 of receiving.md.
import { webcrypto } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { Fault, b64u, demand, exact, publicKey, random, readJson, root, sha256, unb64 } from './forms.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here
const number4 = (n) => Buffer.from([n >> 24, n >> 16, n >> 8, n]);
export const commitment = (id, parts) => b64u(root(parts.map((part, n) =>
  sha256('\0exchange/part/v1\0', id, '\0', number4(n), part))));
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
  const end = plaintext.lastIndexOf('\n') + 1, parts = [];
  demand(end && plaintext.length === sizeClass(end) && plaintext.subarray(end).every((byte) => byte === 0x20),
    'commitment_mismatch', 'padding');
  for (let at = 0, next; at < end; at = next + 1) {
    next = plaintext.indexOf('\n', at);
    parts.push(plaintext.subarray(at, next));
  }
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
    exact(readJson(unb64(head), 3072), { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: own.kid, apu: b64u(from), apv: b64u(to),
      epk: (epk) => exact(epk, { kty: 'OKP', crv: 'X25519', x: (x) => unb64(x, 32) }) });
    return Buffer.from((await compactDecrypt(body, own.key)).plaintext);
  } catch { throw new Fault('decryption_failed'); }
}

export function readParts(parts, envelope) {
  demand(parts.length >= 2 && parts.length <= 1010, 'form_invalid', 'number of parts');
  const salts = [], read = parts.map((part) => {
    try {
      demand(/^\{"salt":"[\w-]{43}"[,}]/.test(part.toString('latin1', 0, 54)), 'form', 'salt');
      const { salt, ...rest } = readJson(part, 6291456);
      salts.push(b64u(unb64(salt, 32)));
      return rest;
    } catch { throw new Fault('form_invalid', 'a part'); }
  });
  const [header, content, ...persons] = read, { id, from, to, link, agr } = envelope;
  demand(header.message_id === id && header.sender === from && header.recipient === to && header.link === link
    && header.agreement === agr, 'header_mismatch');
  demand(new Set(salts).size === salts.length, 'commitment_mismatch', 'a salt twice');
  return { document: { header, content, persons }, salts };
}
