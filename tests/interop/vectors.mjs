// SPDX-License-Identifier: Apache-2.0
// Shows the vectors of tests/vectors/kit that need no running node to the partner's own readers: node vectors.mjs
import { deepStrictEqual as equal } from 'node:assert';
import { isNewer, readCard } from './enrol.mjs';
import { fits, keyId, readJson, readShared, unb64 } from './forms.mjs';
import { checkCosigned, checkTail, hasEffect, readFrame, readHead, readLeaf } from './log.mjs';

const lines = (kind) => readShared(`tests/vectors/kit/${kind}.jsonl`).toString().trim().split('\n');
const read = (kind) => lines(kind).map((line) => JSON.parse(line));
const context = JSON.parse(readShared('tests/vectors/kit/context.json')), { sender, recipient } = context;
const [us, them] = [recipient.agency, sender.agency], link = readLeaf(context.contexts.open.log[0]).link;
const firstKey = (agency, use) => unb64(context.keys.find((key) => key.agency === agency && key.use === use).public);
const known = (raw) => (right) => right(raw, keyId(raw)) && raw;
const { recovery } = readCard(sender.card);
const whole = (raw) => Buffer.concat((typeof raw === 'string' ? [[raw, 1]] : raw).flatMap(([piece, times]) =>
  Array(times).fill(Buffer.from(piece, 'base64'))));

const judges = {
  json: ({ raw }) => { readJson(Buffer.from(raw, 'base64'), 6291456); return 'accepted'; },
  leaves: ({ leaf }) => (hasEffect(readLeaf(leaf)) ? 'stored' : 'stored, without effect'),
  heads: ({ note }) => { readHead(note, link, them, known(firstKey(them, 'head'))); return 'verified'; },
  cosignatures: ({ note, line }) => {
    checkCosigned(line, us, `${note.split('\n\n')[0]}\n`, known(firstKey(us, 'cosign')));
    return 'verified';
  },
  tails: ({ held, leaves, ...tail }) => {
    checkTail(held, tail, leaves, { link, them, findKey: known(firstKey(them, 'head')) });
    return 'taken';
  },
  frames: ({ raw }) => {
    const { leaves, lines, results } = readFrame(whole(raw).toString('latin1'), link, them, us);
    return `${leaves.length} leaves, ${lines.length} lines, ${results.length} results`;
  },
  cards: ({ card, pinned, held }) => {
    const found = readCard(card, pinned ? recovery : null);
    return !held || isNewer(found, readCard(held, recovery)) ? 'valid' : 'the held one stays';
  },
};
const OTHERWISE = { // what the pages let this partner do in another way
  'json-white-space': 'refused', 'json-pair': 'refused', 'json-escapes': 'refused', // every writer writes compact JSON
  'head-other-link': 'refused', // one link
  'tail-smaller': 'taken', // says only what is held
  'frame-longest-wait': 'refused', // a request; only answers come here
  'card-key-off-curve': 'valid', // the smaller check of a key
  'card-then-older': 'the held one stays',
};
for (const [kind, judge] of Object.entries(judges)) {
  for (const { name, expect, ...given } of read(kind)) {
    let found = '';
    try { found = judge(given); } catch (fault) { found = `${kind === 'leaves' ? 'not stored' : 'refused'} ${fault.code}`; }
    const due = OTHERWISE[name] ?? expect.replace(/effect: .*/, 'effect');
    equal(found.startsWith(due), true, `${name}: ${found}`);
  }
}
