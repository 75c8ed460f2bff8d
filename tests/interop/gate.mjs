// SPDX-License-Identifier: Apache-2.0
// The gate, as a side that only calls. Source: docs/protocol/gate.md; the numbers are those of "Decision".
import { post } from './door.mjs';
import { attach, b64u, demand, digest, instant, openJws, random, signJws, unb64 } from './forms.mjs';
import { readHead, readLeaf, rootOf, said } from './log.mjs';

const SKEW_MS = 300000;

async function ask(partner, last) {
  const { state, link, me: from, them: to, keys, own, copy } = partner, held = copy.length, nonce = random(16);
  const gives = { seen: { ep: 1, size: held, note: state.mine?.head ?? '' },
    numbers: Math.max(0, ...said(copy, 'sent').map((leaf) => leaf.seq)),
    own: { ep: 1, size: own.length, root: b64u(rootOf(own)) }, copy: { ep: 1, size: held },
    next: state.out.length + 1, state: partner.open ? 'open' : 'closed', restored: '',
    agreement: { n: 1, ad: digest(unb64(state.agreement)), sig: state.signature }, card: state.ownCard };
  const question = JSON.stringify({ v: 1, link, from, to, at: instant(), nonce, to_nonce: last, op: 'report', asks: {}, gives });
  const answer = await post(partner, 'gate', signJws(keys.door, 'gate', question));
  const { kid, payload: word, verify } = openJws('gate', answer, { link, from: to, to: from, to_nonce: nonce, op: 'report' });
  verify(partner.findKey('door', (_, one) => one === kid)); // with the cards held so far
  await partner.attempt('takeCard', word.gives.card);
  demand(Math.abs(Date.parse(word.at) - Date.now()) <= SKEW_MS, 'clock', 'the clocks differ'); // 1
  return word;
}

export function decide({ state, keys, link, me, own: leaves }, { seen, numbers, own, copy, agreement, renew }) {
  demand(!renew && [seen, own, copy].every((log) => log.ep === 1), 'people', 'another epoch, which is not built here');
  const mine = keys.head.raw, agreed = unb64(state.agreement);
  demand(!leaves.length || readLeaf(leaves.at(-1)).t <= instant(), 'clock', 'it is behind the own last leaf'); // 2
  demand(seen.size <= leaves.length && numbers <= state.out.length, 'people', 'the partner saw more than is here'); // 3, 5
  if (seen.size) { // 4
    const head = readHead(seen.note, link, me, (right) => right(mine) && mine);
    demand(head.size === seen.size && head.root.equals(rootOf(leaves.slice(0, seen.size))), 'people', 'frozen: another root');
  }
  demand(agreement.ad === digest(agreed), 'people', 'another agreement');
  openJws('agreement', attach(agreement.sig, agreed)).verify(unb64(state.recovery));
  state.countersigned = agreement.sig;
}

export async function openGate(partner) {
  const { nonce, gives } = await ask(partner, '');
  decide(partner, gives);
  partner.start = Math.min(gives.copy.size, partner.state.cosignature?.size ?? 0);
  partner.open = true; // 6
  if (!partner.own.length) partner.begin();
  partner.commit();
  if (gives.state !== 'open') await ask(partner, nonce);
}
