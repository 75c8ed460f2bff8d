// SPDX-License-Identifier: Apache-2.0
// Shows the vectors of tests/vectors/kit that need no running node to the partner's own readers: node vectors.mjs
import { deepStrictEqual as equal } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isNewer, noteKeys, readCard } from './enrol.mjs';
import { b64u, digest, keyId, readJson, readShared, sha256, unb64 } from './forms.mjs';
import { checkCosigned, checkTail, hasEffect, readFrame, readHead, readLeaf } from './log.mjs';
import { Partner, writeDurably } from './partner.mjs';
import { isMade, jwkOf } from './seeds.mjs';

const lines = (kind) => readShared(`tests/vectors/kit/${kind}.jsonl`).toString().trim().split('\n');
const read = (kind) => lines(kind).map((line) => JSON.parse(line));
const context = JSON.parse(readShared('tests/vectors/kit/context.json')), { sender, recipient } = context;
const [us, them] = [recipient.agency, sender.agency], link = readLeaf(context.contexts.open.log[0]).link;
const firstKey = (agency, use) => unb64(context.keys.find((key) => key.agency === agency && key.use === use).public);
const known = (raw) => (right) => right(raw, keyId(raw)) && raw;
const { recovery } = readCard(sender.card);
const whole = (raw) => Buffer.concat((typeof raw === 'string' ? [[raw, 1]] : raw).map(([text, times]) => {
  const piece = Buffer.from(text, 'base64');
  return Buffer.alloc(times * piece.length, piece);
}));

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
  erasures: ({ link: of, cases }) => {
    const number = (n) => Buffer.from([n >> 24, n >> 16, n >> 8, n]);
    const order = (a, b) => (a.message === b.message ? a.number - b.number : a.message < b.message ? -1 : 1);
    const mark = (parts) => sha256('exchange/erased-case/v1\0', of, ...parts.sort(order).flatMap((one) =>
      [one.message, number(one.number), sha256(one.part)]));
    return digest(Buffer.concat(['exchange/erasure/v1\0', ...cases.filter((one) => one.length).map(mark)
      .sort(Buffer.compare)].map((one) => Buffer.from(one))));
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
  'frame-longest-wait': 'refused', // a request; only answers come here
  'card-key-off-curve': 'valid', // the smaller check of a key
};
for (const [kind, judge] of Object.entries(judges)) {
  for (const { name, expect, ...given } of read(kind)) {
    let found = '';
    try { found = judge(given); } catch (fault) { found = `${kind === 'leaves' ? 'not stored' : 'refused'} ${fault.code}`; }
    const due = OTHERWISE[name] ?? expect.replace(/effect: .*/, 'effect');
    equal(found.startsWith(due), true, `${name}: ${found}`);
  }
}

// Lines: a new partner for each vector, as it stands after the context. It sends no results, so that all it says of a line is a
// leaf. Of the contexts of suite 2 only what is not even examined can be shown: it has no key of that suite
Date.now = () => Date.parse(context.now);
const folder = mkdtempSync(`${tmpdir()}/vectors-`);
const keys = {}, own = context.keys.filter((key) => key.agency === us && isMade(key));
for (const key of own) keys[key.use] ??= jwkOf(key);
function keepPartner(place, { agreements, log, head }) {
  mkdirSync(`${place}/inbox`, { recursive: true });
  const { text, signatures } = agreements[0], state = { keys, ownCard: recipient.card, me: us, them, link: readLeaf(log[0]).link,
    agreement: b64u(text), signature: signatures[us], confirmed: true, spans: noteKeys({}, readCard(sender.card), 0), recovery,
    cards: [sender.card], own: [], copy: [], heads: {}, out: [], salts: {}, alarms: [] };
  writeDurably(place, 'state.json', JSON.stringify(state));
  const partner = new Partner(place);
  partner.takeTail({ tail: { by: them, ep: 1, from: 0, head }, leaves: log });
  writeDurably(place, 'state.json', JSON.stringify(partner.state));
}
async function verdictOn(partner, line) {
  const before = partner.own.length;
  await partner.attempt('receive', whole([[Buffer.from(line).toString('base64'), 1]]).toString('latin1'));
  if (partner.own.length === before) return 'nothing new';
  const { k, code } = readLeaf(partner.own.at(-1));
  return `logged ${k} ${code ?? ''}`.trim();
}
const UNJUDGED = new Set('office references dates counts purpose safeguards consent state'.split(' ').map((one) => `content.${one}`));
const ALLOWED = { // what build-a-partner lets this partner leave out, under "What it may leave out"
  'classical-version-minor': 'logged rejected version_unsupported', // a later second number of a form
};
function due({ name, rule }, expect) {
  if (UNJUDGED.has(rule)) return 'logged accepted'; // the rules that no schema has
  if (expect === 'logged held') return 'nothing new'; // holding lines ahead of a gap
  return ALLOWED[name] ?? (expect.startsWith('logged') ? expect : 'nothing new');
}
const isRefusedAtOnce = ({ steps }) => steps.length === 1 && steps[0].lines.every((line) => typeof line === 'string')
  && steps[0].expect.every((one) => one === 'refused');
const isShown = (one) => (one.context === 'classical' && !one.steps.some((step) => step.fails))
  || (one.context === 'open' && isRefusedAtOnce(one));
const shown = read('lines').filter(isShown);
for (const name of ['classical', 'open']) keepPartner(`${folder}/${name}`, context.contexts[name]);
for (const vector of shown) {
  const partner = new Partner(`${folder}/${vector.context}`);
  for (const { leaves, head, card, lines: offered, expect } of vector.steps) {
    if (card) partner.takeCard(card);
    if (leaves) partner.takeTail({ tail: { by: them, ep: 1, from: partner.copy.length, head }, leaves });
    for (const [n, line] of offered.entries()) equal(await verdictOn(partner, line), due(vector, expect[n]), vector.name);
  }
}
equal([shown.filter((one) => one.context === 'classical').length > 200, shown.length > 350], [true, true]);
rmSync(folder, { recursive: true });
