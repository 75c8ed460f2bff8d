// SPDX-License-Identifier: Apache-2.0
// Card, agreement, the two files and the words, as the side that joins. Source: docs/protocol/enrolment.md.
import * as crypto from 'node:crypto';
import { b64u, demand, detach, digest, instant, keyId, load, loadKey, openJws, readShared,
  sha256, signJws, unb64 } from './forms.mjs';

const DAY_MS = 86400000, SKEW_MS = 300000;
const USES = { recovery: 'Ed25519', envelope: 'Ed25519', head: 'Ed25519', cosign: 'Ed25519', door: 'Ed25519', seal: 'X25519' };

export const makeKeys = () => Object.fromEntries(Object.entries(USES).map(([use, alg]) =>
  [use, crypto.generateKeyPairSync(alg.toLowerCase()).privateKey.export({ format: 'jwk' })]));
export const loadKeys = (jwks) => Object.fromEntries(Object.entries(jwks).map(([use, jwk]) => [use, loadKey(use, jwk)]));

export function writeCard(keys, agency, name, messages) {
  const now = Date.now(), dates = { from: instant(now - DAY_MS), until: instant(now + 180 * DAY_MS) };
  const listed = Object.values(keys).slice(1).map(({ use, kid, alg, raw }) => ({ use, kid, alg, raw: b64u(raw), ...dates }));
  return signJws(keys.recovery, 'card', JSON.stringify({ v: 1, agency, names: { en: name },
    node: crypto.randomBytes(8).toString('hex'), serial: 1, issued: instant(now), training: true,
    recovery: b64u(keys.recovery.raw), keys: listed, addresses: [], suites: [1], messages, limits: { line_bytes: 6291456 } }));
}
export function readCard(text, pinned = null) { // what a reader checks
  const { payload: card, verify } = openJws('card', text, pinned ? { recovery: pinned } : {}); // 1, 2, 4
  const recovery = unb64(card.recovery), seen = new Set([keyId(recovery)]);
  verify(recovery); // 3
  for (const { kid, raw, from, until } of card.keys) { // 5
    demand(kid === keyId(unb64(raw)) && !seen.has(kid) && from < until, 'card', kid);
    seen.add(kid);
  }
  return { ...card, text, digest: digest(text) };
}
export function isNewer(card, held) { // a new card, 1 to 4; keys of other agencies are not known here
  demand(['agency', 'node', 'recovery', 'training'].every((member) => card[member] === held[member]), 'card', 'another agency');
  const changes = (key) => held.keys.some((old) => old.kid === key.kid && (old.use !== key.use || (old.revoked && !key.revoked)));
  demand(card.serial < held.serial || !card.keys.some(changes), 'card', 'a key has another use, or is back');
  demand(card.serial !== held.serial || card.text === held.text, 'card_conflict');
  return card.serial > held.serial;
}
export function noteKeys(spans, card, held) { // where keys of a new card count, with so many leaves held: log.md
  for (const { kid, use, raw, revoked, reason } of card.keys) {
    const span = spans[kid] ??= { kid, use, raw, until: revoked ? 0 : null };
    if (reason === 'compromised') span.until = Math.min(span.until ?? held, held);
  }
  return spans;
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
export function join(file, keys, ownCard) { // what the joiner computes, 1 to 5
  const text = file.toString('latin1').replace(/\n$/, ''), { payload, verify } = openJws('invitation', text);
  const { card, profile, suites } = payload, inviter = readCard(card), own = readCard(ownCard);
  verify(unb64(inviter.recovery));
  demand(inviter.agency !== own.agency && inviter.node !== own.node && inviter.training === own.training // 1, newcomer 1, 3
    && load('codelists/agencies.json').codes.some((one) => one.code === inviter.agency && one.contact_point), 'newcomer'); // 2
  demand(Date.parse(inviter.issued) <= Date.now() + SKEW_MS, 'newcomer', 'issued in the future'); // 4
  demand(Object.entries(USES).slice(1).every(([use, alg]) => usable(inviter, use, alg)) && usable(inviter, 'tls', 'P-256'),
    'newcomer', 'a key is missing');
  demand(!inviter.keys.some((key) => own.keys.some((mine) => mine.kid === key.kid)), 'newcomer', 'a key of ours'); // 5
  const suite = Math.max(...suites.filter((one) => own.suites.includes(one))), invitation = digest(text); // 2, 3
  demand(suite === 1, 'suite', 'no suite in common');
  const parties = [inviter, own].map(({ agency, node, recovery }) => ({ agency, node, recovery })); // 4
  const terms = termsOf(load(`profiles/${profile}.json`), parties.map((party) => party.agency.slice(0, 2))); // 5
  const agreement = Buffer.from(JSON.stringify({ v: 1, n: 1, link: null, previous: null, invitation, profile, suite, parties,
    terms })), signature = detach(signJws(keys.recovery, 'agreement', agreement));
  const joining = signJws(keys.recovery, 'joining', JSON.stringify({ v: 1, card: ownCard,
    agreement: b64u(agreement), signature, invitation, created: instant() }));
  return { inviter, agreement, signature, joining };
}
export const linkId = (agreement) => b64u(sha256(agreement).subarray(0, 16));
export function words(agreement) {
  const listed = readShared('docs/protocol/words.txt').toString('ascii').split('\n');
  const out = crypto.scryptSync(agreement, linkId(agreement), 11, { N: 2 ** 17, r: 8, p: 1, maxmem: 136314880 });
  const bits = [...out].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.match(/.{11}/g).map((index) => listed[parseInt(index, 2)]);
}
