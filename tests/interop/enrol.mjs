// SPDX-License-Identifier: Apache-2.0
// Card, agreement, the two files and the words, as the side that joins. Source: docs/protocol/enrolment.md.
import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { b64u, checkKey, demand, detach, digest, exact, instant, is, keyId, openJws, privateKey, publicRaw, random,
  sha256, signJws, unb64 } from './forms.mjs';

const CARD_BYTES = 65536, FILE_BYTES = 262144, DAY_MS = 86400000, SKEW_MS = 300000;
const USES = ['recovery', 'envelope', 'head', 'cosign', 'door', 'seal'];

export const makeSeeds = () => Object.fromEntries(USES.map((use) => [use, random(32)]));
export const loadKeys = (seeds) => Object.fromEntries(USES.map((use) => { // {use, kid, alg, raw, key}
  const alg = use === 'seal' ? 'X25519' : 'Ed25519', key = privateKey(alg, unb64(seeds[use], 32)), raw = publicRaw(key);
  return [use, { use, kid: keyId(raw), alg, raw, key }];
}));

export function writeCard(keys, agency, name, messages) {
  const now = Date.now(), dates = { from: instant(now - DAY_MS), until: instant(now + 180 * DAY_MS) };
  const listed = Object.values(keys).slice(1).map(({ use, kid, alg, raw }) => ({ use, kid, alg, raw: b64u(raw), ...dates }));
  return signJws(keys.recovery, 'exchange-card+jws', JSON.stringify({ v: 1, agency, names: { en: name },
    node: crypto.randomBytes(8).toString('hex'), serial: 1, issued: instant(now), training: true,
    recovery: b64u(keys.recovery.raw), keys: listed, addresses: [], suites: [1], messages, limits: { line_bytes: 6291456 } }));
}
const KEY = { use: is.text, kid: is.node, alg: is.text, raw: is.text, from: is.instant, until: is.instant };
const CARD = { v: 1, agency: is.agency, node: is.node, serial: is.number, issued: is.instant, recovery: is.digest,
  training: (flag) => flag === !!flag, names: is.object, keys: is.list, messages: is.object, limits: is.object,
  suites: (list) => is.list(list) && list.every(is.number), addresses: (list) => is.list(list) && list.every(is.text) };
export function readCard(text, pinned = null) { // what a reader checks
  const jws = openJws(text, 'exchange-card+jws', CARD_BYTES), card = jws.payload, recovery = unb64(String(card.recovery), 32); // 1
  checkKey('recovery', 'Ed25519', recovery); // 2
  demand(!pinned || pinned === card.recovery, 'card', 'another recovery key than the pinned one');
  jws.verify(recovery); // 3
  exact(card, CARD); // 4
  const seen = new Set([keyId(recovery)]);
  for (const key of card.keys) { // 5
    exact(key, 'revoked' in key ? { ...KEY, revoked: true, reason: /^(retired|compromised)$/ } : KEY);
    checkKey(key.use, key.alg, unb64(key.raw));
    demand(key.kid === keyId(unb64(key.raw)) && !seen.has(key.kid) && key.from < key.until, 'card', key.kid);
    seen.add(key.kid);
  }
  return { ...card, text, digest: digest(text) };
}
export const usable = (card, use, alg, now = instant()) => card.keys // the latest `from`, then the highest `kid`
  .filter((key) => key.use === use && key.alg === alg && !key.revoked && key.from <= now && now < key.until)
  .sort((a, b) => (a.from + a.kid < b.from + b.kid ? 1 : -1))[0];

export function termsOf(profile, countries) { // "Terms", steps 1 to 4
  const ours = (one) => !/^[A-Z]{2}$/.test(one) || countries.includes(one);
  return { ...profile, sides: countries.map((one) => profile.sides.find((side) => side.country === one)),
    instead: profile.instead.filter((row) => ours(row.country)),
    deadlines: profile.deadlines.filter((row) => ours(row.calendar_of)) };
}
const INVITATION = { v: 1, card: is.text, profile: /^[a-z-]{1,40}$/, suites: is.list, answer: is.text, nonce: is.nonce,
  created: is.instant };
export function join(file, keys, ownCard, schemas) { // what the joiner computes, 1 to 5
  const text = file.toString('latin1').replace(/\n$/, ''), jws = openJws(text, 'exchange-invitation+jws', FILE_BYTES);
  const { card, profile: name, suites } = exact(jws.payload, INVITATION), inviter = readCard(card), own = readCard(ownCard);
  const load = (path) => JSON.parse(readFileSync(`${schemas}/${path}.json`)), invitation = digest(text);
  jws.verify(unb64(inviter.recovery));
  demand(inviter.agency !== own.agency && inviter.node !== own.node && inviter.training === own.training // 1, newcomer 1, 3
    && load('codelists/agencies').codes.some((one) => one.code === inviter.agency && one.contact_point), 'newcomer'); // 2
  demand(Date.parse(inviter.issued) <= Date.now() + SKEW_MS, 'newcomer', 'issued in the future'); // 4
  demand(usable(inviter, 'seal', 'X25519') && usable(inviter, 'tls', 'P-256')
    && ['envelope', 'head', 'cosign', 'door'].every((use) => usable(inviter, use, 'Ed25519')), 'newcomer', 'a key is missing');
  demand(!inviter.keys.some((key) => own.keys.some((mine) => mine.kid === key.kid)), 'newcomer', 'a key of ours'); // 5
  const profile = load(`profiles/${name}`), suite = Math.max(...suites.filter((one) => own.suites.includes(one))); // 2, 3
  demand(suite === 1, 'suite', 'no suite in common');
  const parties = [inviter, own].map(({ agency, node, recovery }) => ({ agency, node, recovery })); // 4
  const terms = termsOf(profile, parties.map((party) => party.agency.slice(0, 2))); // 5
  const agreement = Buffer.from(JSON.stringify({ v: 1, n: 1, link: null, previous: null, invitation, profile: name, suite,
    parties, terms })), signature = detach(signJws(keys.recovery, 'exchange-agreement+jws', agreement));
  const joining = signJws(keys.recovery, 'exchange-joining+jws', JSON.stringify({ v: 1, card: ownCard,
    agreement: b64u(agreement), signature, invitation, created: instant() }));
  return { inviter, agreement, signature, joining };
}
export const linkId = (agreement) => b64u(sha256(agreement).subarray(0, 16));
export function words(agreement, listed) {
  const out = crypto.scryptSync(agreement, linkId(agreement), 11, { N: 2 ** 17, r: 8, p: 1, maxmem: 136314880 });
  const bits = [...out].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{11}/g).map((index) => listed[parseInt(index, 2)]);
}
