// SPDX-License-Identifier: Apache-2.0
// Makes the values of docs/protocol/examples.json again, step by step of build-a-partner.md: node examples.mjs
import { deepStrictEqual as equal, throws } from 'node:assert';
import { readdirSync } from 'node:fs';
import { checkDocument, commitment, pad, readMessage, unpad, unseal } from './body.mjs';
import { linkId, readCard, termsOf, words } from './enrol.mjs';
import { b64u, detach, digest, load, loadKey, openJws, readShared, signJws, verify } from './forms.mjs';
import { decide } from './gate.mjs';
import { checkCosigned, checkTail, hasEffect, readLeaf, rootOf, writeFrame, writeHead, writeLeaf } from './log.mjs';
import { isMade, jwkOf } from './seeds.mjs';

const made = JSON.parse(readShared('docs/protocol/examples.json')), keys = {};
for (const [agency, list] of Object.entries(made.keys)) { // 1
  for (const one of list.filter(isMade)) {
    const key = loadKey(one.use, jwkOf(one));
    equal([b64u(key.raw), key.kid], [one.public, one.kid]);
    (keys[agency] ??= {})[one.use] = key;
  }
}
for (const [agency, text] of Object.entries(made.cards)) { // 2, 3
  equal(readCard(text).agency, agency);
  equal(signJws(keys[agency].recovery, 'card', made.card_payloads[agency]), text);
  for (let at = 0; at < text.length; at += 1) {
    throws(() => readCard(text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)));
  }
}
const { link, agreement: text, signatures } = made.enrolment, agreement = Buffer.from(text); // 4
const { parties, terms, profile } = JSON.parse(text), file = load(`profiles/${profile}.json`);
equal([linkId(agreement), digest(agreement)], [link, made.enrolment.agreement_digest]);
equal(words(agreement), made.enrolment.words);
equal(JSON.stringify(termsOf(file, ['KH', 'TH'])), JSON.stringify(terms));
for (const { agency } of parties) {
  equal(detach(signJws(keys[agency].recovery, 'agreement', agreement)), signatures[agency]);
}
for (const one of Object.values(made.messages)) { // 5, 6
  const { parts, pc, body, document, envelope, envelope_payload: payload, eh, cd, line } = one;
  const said = JSON.parse(payload), plaintext = await unseal(body, said, keys[said.to].seal);
  equal([commitment(said.id, unpad(plaintext)), pad(unpad(plaintext))], [pc, plaintext]);
  equal([unpad(plaintext).map(String), readMessage(unpad(plaintext), said).document], [parts, document]);
  equal(signJws(keys[said.from].envelope, 'envelope', payload), envelope);
  equal([digest(envelope), digest(body), `${envelope}~${body}`], [eh, cd, line]);
}
const folder = new URL('../../schemas/examples/', import.meta.url), list = (place) => readdirSync(new URL(place, folder));
for (const type of list('.').filter((name) => !name.includes('.'))) {
  const example = (place) => load(`examples/${type}/${place}`);
  const right = list(`${type}/valid`).filter((name) => !name.startsWith('newer-version')); // its own form is not there
  for (const name of right) checkDocument(example(`valid/${name}`));
  if (!['rpn', 'rpd', 'cks'].includes(type)) continue; // the types of this partner
  for (const name of list(`${type}/invalid`)) { // what no schema can find passes here
    try { checkDocument(example(`invalid/${name}`)); } catch (fault) { equal(fault.code, name.split('-')[0]); }
  }
}
for (const [by, { leaves, root, head }] of Object.entries(made.logs)) { // 7
  equal([leaves.map((leaf) => writeLeaf(readLeaf(leaf))), rootOf(leaves).toString('hex')], [leaves, root]);
  equal(writeHead(keys[by].head, link, by, leaves), head);
  const { raw } = keys[by].head, about = { link, them: by, findKey: (right) => right(raw) && raw };
  const tail = { by, ep: 1, from: 0, head };
  equal(checkTail([], tail, leaves, about).fresh, leaves);
  for (const wrong of [{ by: 'XX-YY' }, { ep: 2 }, { from: 1 }, { head: head.replace('1\n', '2\n') }]) {
    throws(() => checkTail([], { ...tail, ...wrong }, leaves, about));
  }
  throws(() => checkTail([leaves[1]], tail, leaves, about), { code: 'log_forked' });
  throws(() => checkTail([...leaves, leaves[1]], tail, [leaves[1], ...leaves.slice(1)], about), { code: 'log_shrunk' });
}
for (const [n, frame] of Object.entries(made.frames)) { // 8
  const [head, ...rest] = frame.split('\n'), header = JSON.parse(head);
  const { from, to, cosignature, tail } = header, count = tail?.count ?? 0;
  equal(writeFrame(header, rest.slice(0, count), rest.slice(count, count + header.messages)).toString(), frame, n);
  if (!cosignature) continue;
  const over = writeHead(keys[to].head, link, to, made.logs[to].leaves.slice(0, cosignature.size)), { raw } = keys[from].cosign;
  checkCosigned(cosignature.note, from, `${over.split('\n\n')[0]}\n`, (right) => right(raw) && raw);
}
const { signature_base: base, fields } = made.request;
equal(verify(keys['TH-MSDHS-DATIP'].door.raw, base, Buffer.from(fields.Signature.split(':')[1], 'base64')), true);
const { gate, gate_payloads: payloads, logs } = made.new_epoch;
for (const [text, payload] of [...Object.entries(made.gate).map(([n, one]) => [one, made.gate_payloads[n]]), // 9
  ...Object.entries(gate).map(([n, one]) => [one, payloads[n]])]) {
  const word = openJws('gate', text);
  word.verify(keys[word.payload.from].door.raw);
  equal(JSON.stringify(word.payload), payload);
}
for (const { leaves, root } of Object.values(logs)) { // this partner has no later epoch, and reads its leaves
  equal([leaves.map((leaf) => writeLeaf(readLeaf(leaf))), rootOf(leaves).toString('hex')], [leaves, root]);
  equal(leaves.every((leaf) => hasEffect(readLeaf(leaf))), true);
}
for (const n of ['1', '2', '3']) throws(() => decide({}, JSON.parse(payloads[n]).gives), { code: 'people' });
