// SPDX-License-Identifier: Apache-2.0
// Both logs compared from the stored bytes, as an auditor of this side would do. Source: docs/protocol/log.md, proofs.md.
import { loadKeys } from './enrol.mjs';
import { unb64 } from './forms.mjs';
import { checkCosignature, readHead, readLeaf, rootOf } from './log.mjs';

export function check({ own, copy, link, me, them, cosignature, mine, spans, seeds, alarms }) {
  const keys = [...Object.values(loadKeys(seeds)), ...Object.values(spans).map(({ use, raw }) => ({ use, raw: unb64(raw) }))];
  const find = (use) => (matches) => keys.find((key) => key.use === use && matches(key.raw))?.raw;
  const differences = [], note = (right, what) => { if (!right) differences.push(what); };
  for (const [by, leaves, text, signed, cosigner] of [[me, own.leaves, Object.values(own.notes).at(-1), cosignature, them],
    [them, copy.leaves, copy.notes.at(-1), mine, me]]) {
    const head = readHead(text, link, by, find('head'));
    note(head.size === leaves.length && head.root.equals(rootOf(leaves)), `${by}: the head is not over these leaves`);
    note(signed?.size === head.size, `${by}: ${signed?.size ?? 0} of ${head.size} leaves are cosigned`);
    if (signed?.size === head.size) checkCosignature(signed.note, cosigner, head.text, find('cosign'));
  }
  const logs = [own.leaves.map(readLeaf), copy.leaves.map(readLeaf)], events = (log, ev) => log.filter((leaf) => leaf.ev === ev);
  const entries = [logs, [...logs].reverse()].flatMap(([sender, recipient]) => events(sender, 'sent').map((sent) => {
    const found = events(recipient, 'rcvd').filter((leaf) => leaf.seq === sent.seq), { id, eh, cd, k, code } = found[0] ?? {};
    const same = found.length === 1 && id === sent.id && eh === sent.eh && cd === sent.cd;
    note(same, `${sent.by} ${sent.seq}: no verdict of its own`);
    return { by: sent.by, seq: sent.seq, k, code };
  }));
  return { entries, own: own.leaves.length, copy: copy.leaves.length, differences, alarms: alarms.map((one) => one.code) };
}
