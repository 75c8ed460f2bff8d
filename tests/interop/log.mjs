// SPDX-License-Identifier: Apache-2.0
// Leaves, heads, cosignatures, what a cosigner checks, frames. Source: docs/protocol/log.md, objects.md.
import { demand, fits, hasForm, readJson, root, sha256, sign, unb64, verify } from './forms.mjs';

// HEAD and COSIGN are the kinds of signature in a note
const TAIL_BYTES = 1048576, LEAF_BYTES = 2048, BLOCK = 4096, HEADER_BYTES = 131072, FRAME_BYTES = 8388608, HEAD = 1, COSIGN = 4;

export const writeLeaf = (members) => JSON.stringify(members, Object.keys(members).sort());
export function readLeaf(text) {
  const leaf = readJson(Buffer.from(text, 'latin1'), LEAF_BYTES, 'log_invalid');
  demand(hasForm('leaf', leaf) && writeLeaf(leaf) === text && /^[ -~]*$/.test(text), 'log_invalid', 'not a leaf');
  return leaf;
}
export const rootOf = (leaves) => root(leaves.map((leaf) => sha256('\0', leaf)));
export const hasEffect = (leaf) => hasForm('event', leaf); // another one is stored and cosigned all the same
export const said = (leaves, ev) => leaves.map(readLeaf).filter((leaf) => leaf.ev === ev && hasEffect(leaf)); // what a log says
export const first = (leaves, ev, seq) => said(leaves, ev).find((leaf) => leaf.seq === seq); // a number counts once

// Heads and cosignatures. `findKey(test, size)` gives the raw key that counts and has the key hash of the line.
const keyHash = (name, kind, raw) => sha256(`${name}\n`, Buffer.from([kind]), raw).subarray(0, 4);
const noteLine = (name, ...pieces) => `— ${name} ${Buffer.concat(pieces).toString('base64')}\n`;
export function writeHead(own, link, by, leaves) {
  const text = `exchange/v1/${link}/${by}/1\n${leaves.length}\n${rootOf(leaves).toString('base64')}\n`;
  return `${text}\n${noteLine(`${by}/head`, keyHash(`${by}/head`, HEAD, own.raw), sign(own.key, text))}`;
}
export function readHead(note, link, by, findKey) {
  const found = /^((.{1,99})\n(0|[1-9]\d*)\n(.{44})\n)\n— (\S+) (.{92})\n$/.exec(note);
  demand(found?.[2] === `exchange/v1/${link}/${by}/1` && found[5] === `${by}/head`, 'head', 'not a head of this log');
  const size = Number(found[3]), line = unb64(found[6], 68, 'base64');
  const key = findKey((raw) => keyHash(found[5], HEAD, raw).equals(line.subarray(0, 4)), size);
  demand(key && verify(key, found[1], line.subarray(4)), 'signature_invalid', 'head');
  return { size, root: unb64(found[4], 32, 'base64'), text: found[1], note };
}
const cosigned = (seconds, text) => `cosignature/v1\ntime ${seconds}\n${text}`;
export function cosign(own, by, text) {
  const time = Buffer.alloc(8), seconds = Math.floor(Date.now() / 1000);
  time.writeBigUInt64BE(BigInt(seconds));
  return noteLine(`${by}/cosign`, keyHash(`${by}/cosign`, COSIGN, own.raw), time, sign(own.key, cosigned(seconds, text)));
}
export function checkCosigned(note, by, text, findKey) {
  const found = /^— (\S+) (.{104})\n$/.exec(note);
  demand(found?.[1] === `${by}/cosign`, 'cosignature', 'form');
  const line = unb64(found[2], 76, 'base64'), key = findKey((raw) => keyHash(found[1], COSIGN, raw).equals(line.subarray(0, 4)));
  demand(key && verify(key, cosigned(line.readBigUInt64BE(4), text), line.subarray(12)), 'cosignature', 'signature');
}

// What a cosigner checks, 1 and 3 to 8, of a frame that was read (2); gives the new leaves and the head, or null when the copy
// has all of it
export function checkTail(copy, { by, ep, from, head: note }, leaves, { link, them, findKey }) {
  demand(by === them && ep === 1, 'tail', 'another log'); // 1
  const same = () => leaves.every((leaf, n) => from + n >= copy.length || leaf === copy[from + n]);
  if (from + leaves.length < copy.length && same()) return null;
  const head = readHead(note, link, by, findKey), fresh = leaves.slice(Math.max(0, copy.length - from)); // 3
  demand(head.size >= copy.length, 'log_shrunk'); // 4
  demand(from + leaves.length === head.size && from <= copy.length, 'tail', 'does not reach'); // 5
  demand(same(), 'log_forked', 'other leaves'); // 6
  demand(rootOf([...copy, ...fresh]).equals(head.root), fresh.length ? 'tail' : 'log_forked', 'another root'); // 7
  const read = fresh.map(readLeaf); // 8
  demand(read.every((one, n) => one.link === link && one.by === by && one.ep === 1 && one.i === copy.length + n), 'log_invalid');
  return { fresh, read, head };
}

export function writeFrame(header, leaves, lines) {
  const text = Buffer.from(`${[JSON.stringify(header), ...leaves, ...lines].join('\n')}\n`);
  return Buffer.concat([text, Buffer.alloc((2 * BLOCK - 1 - (text.length % BLOCK)) % BLOCK, ' '), Buffer.from('\n')]);
}
export function readFrame(text, link, from, to) { // its bytes, each as a character
  const lines = text.split('\n'), [end, padding] = [lines.pop(), lines.pop()];
  const header = fits('frame', readJson(Buffer.from(lines[0] ?? '', 'latin1'), HEADER_BYTES), { link, from, to, wait: 0 });
  const count = 1 + (header.tail?.count ?? 0), leaves = lines.slice(1, count), rest = lines.slice(count);
  demand(text.length % BLOCK === 0 && /^ *$/.test(padding) && padding.length < BLOCK && end === '', 'frame_invalid', 'padding');
  demand(leaves.length === count - 1 && rest.length === header.messages, 'frame_invalid', 'number of lines');
  demand(leaves.join('').length <= TAIL_BYTES && lines.slice(1).join('').length <= FRAME_BYTES, 'frame_invalid', 'bytes');
  return { ...header, leaves, lines: rest };
}
