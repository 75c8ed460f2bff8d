// SPDX-License-Identifier: Apache-2.0
// A partner with suite 1 that only calls: its own log, a copy of the other's, sending, receiving. The numbers are the
// steps of docs/protocol/sending.md and receiving.md. One process at a time works on a folder.
import * as fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { checkDocument, commitment, pad, readMessage, seal, unpad, unseal, writeParts } from './body.mjs';
import { post } from './door.mjs';
import { isNewer, loadKeys, noteKeys, readCard, usable } from './enrol.mjs';
import { openGate } from './gate.mjs';
import { demand, digest, faultOf, instant, load, openJws, signJws, unb64 } from './forms.mjs';
import { checkCosigned, checkTail, cosign, first, hasEffect, readFrame, said, writeFrame, writeHead, writeLeaf } from './log.mjs';

// A tail of 500 leaves, each of at most 2,048 bytes, stays below 1 MiB
const WAIT_S = 55, SKEW_MS = 300000, DAY_MS = 86400000, MOST_WAIT_MS = 900000, TAIL_LEAVES = 500;

export function writeDurably(folder, name, text) { // whole or not at all, also after a power cut
  const path = `${folder}/${name}`, file = fs.openSync(`${path}.new`, 'w', 0o600), directory = fs.openSync(folder, 'r');
  fs.writeFileSync(file, text);
  fs.fsyncSync(file);
  fs.renameSync(`${path}.new`, path);
  fs.fsyncSync(directory);
  for (const one of [file, directory]) fs.closeSync(one);
}

export class Partner {
  constructor(folder, mostWait = MOST_WAIT_MS) {
    const state = JSON.parse(fs.readFileSync(`${folder}/state.json`)), { me, them, link, own, copy } = state;
    demand(state.confirmed, 'people', 'nobody has compared the words');
    Object.assign(this, { folder, state, me, them, link, own, copy, mostWait: Number(mostWait), keys: loadKeys(state.keys),
      agreement: JSON.parse(unb64(state.agreement)), stops: load('codelists/case-states.json').stops, open: false, offered: [] });
  }
  get card() { return readCard(this.state.cards.at(-1), this.state.recovery); }
  alarm(code, why) { this.state.alarms.push({ at: instant(), code, why }); }
  async attempt(step, ...given) { // what is refused is kept for people, and the rest counts
    try { if (given[0]) await this[step](...given); } catch (error) { this.alarm(faultOf(error).code, error.message); }
  }

  // The own log: leaves are gathered, then one head over all of them, then the commit
  append(ev, members) {
    this.own.push(writeLeaf({ v: 1, link: this.link, by: this.me, ep: 1, i: this.own.length, t: instant(), ev, ...members }));
  }
  commit() {
    this.state.heads[this.own.length] ??= writeHead(this.keys.head, this.link, this.me, this.own);
    writeDurably(this.folder, 'state.json', JSON.stringify(this.state));
  }
  begin() { // log.md, the beginning of a log
    const card = readCard(this.state.ownCard), ad = digest(unb64(this.state.agreement));
    this.append('open', { n: 1, ad, crd: card.digest });
    this.append('agrx', { n: 1, ad, fs: 1 });
    for (const { use, kid } of card.keys) this.append('keyx', { op: 'add', use, kid, cs: card.serial, crd: card.digest });
  }

  // Where a key of the partner counts: log.md; a new card: enrolment.md, 1 to 4
  takeCard(text) {
    const card = readCard(text, this.state.recovery);
    if (!isNewer(card, this.card)) return;
    noteKeys(this.state.spans, card, this.copy.length);
    this.state.cards.push(text);
  }
  takeKey({ op, kid, i }, held) {
    const span = this.state.spans[kid];
    if (!span) this.alarm('log_invalid', `keyx names ${kid}, which no card has`);
    else if (op === 'add') span.added ??= i;
    else span.until = Math.min(span.until ?? Infinity, op === 'retire' ? i : held);
  }
  findKey(use, matches, place) { // without a place: now
    const isNow = ({ kid, until }) => until === null && this.card.keys.some((key) => key.kid === kid && !key.revoked);
    const counts = (key) => (place === undefined ? isNow(key) : place >= (key.added ?? 0) && place < (key.until ?? Infinity));
    const keys = Object.values(this.state.spans).filter((key) => key.use === use && counts(key));
    return keys.map((key) => [unb64(key.raw), key.kid]).find(([raw, kid]) => matches(raw, kid))?.[0];
  }

  // Sending, 1 to 4, 11: each file of the outbox gets a number once; its name is the message id
  async number(id, { header, content, persons }) {
    const { me: from, them: to, link } = this, seq = this.state.out.length + 1, created = Date.now();
    const filled = { ...header, message_id: id, sender: from, recipient: to, link, agreement: 1 };
    checkDocument({ header: filled, content, persons }); // 1
    const parts = writeParts({ header: filled, content, persons }), pc = commitment(id, parts), plaintext = pad(parts); // 3
    const body = await seal(plaintext, from, to, usable(this.card, 'seal', 'X25519')), cd = digest(body);
    const expires = instant(created + this.agreement.terms.expires_days * DAY_MS);
    const envelope = signJws(this.keys.envelope, 'envelope', JSON.stringify({ v: 1, id, link, agr: 1, from, to, // 4
      seq, created: instant(created), expires, suite: 1, body: { sha256: cd, size: body.length }, pc }));
    this.append('sent', { seq, id, eh: digest(envelope), cd, pc, sz: plaintext.length });
    this.state.out.push({ seq, id, line: `${envelope}~${body}`, stop: this.stops.includes(header.type), expires });
  }
  async takeOutbox() {
    const folder = `${this.folder}/outbox`, files = fs.readdirSync(folder).filter((file) => file.endsWith('.json')).sort();
    for (const file of files) {
      const id = file.slice(0, -5), isNew = this.state.out.every((one) => one.id !== id);
      if (isNew) await this.attempt('number', id, JSON.parse(fs.readFileSync(`${folder}/${file}`)));
    }
    const over = this.state.out.filter((one) => this.isOpen(one) && (one.giveUp || one.expires < instant())); // 11
    for (const { seq, id, giveUp } of over) this.append('void', { seq, id, code: giveUp ?? 'expired' });
    this.commit();
    for (const file of files) fs.unlinkSync(`${folder}/${file}`);
  }
  isOpen({ seq, id }) { // without a verdict on these bytes, and not given up
    const sent = first(this.own, 'sent', seq), verdict = first(this.copy, 'rcvd', seq);
    return !(verdict?.id === id && verdict.eh === sent.eh && verdict.cd === sent.cd) && !first(this.own, 'void', seq);
  }

  // 5: own leaves from the partner's newest cosignature on, own cosignature, one line that is due
  frame() {
    const { heads, mine, ownCard } = this.state, { me: by, start: from } = this;
    const end = Math.max(from, ...Object.keys(heads).map(Number).filter((size) => size - from <= TAIL_LEAVES));
    const leaves = this.own.slice(from, end), tellsKeys = said(leaves, 'keyx').length;
    this.offered = this.dueLines(end).slice(0, 1);
    return writeFrame({ v: 1, link: this.link, from: by, to: this.them, wait: this.offered.length ? 0 : WAIT_S,
      tail: leaves.length ? { by, ep: 1, from, count: leaves.length, head: heads[end] } : null,
      cosignature: mine ? { ep: 1, size: mine.size, note: mine.note } : null, card: this.cardAsked || tellsKeys ? ownCard : '',
      messages: this.offered.length, results: [] }, leaves, this.offered.map((one) => one.line));
  }
  dueLines(end) {
    return this.state.out.filter((one) => this.isOpen(one) && !one.refused && first(this.own, 'sent', one.seq).i < end)
      .sort((a, b) => b.stop - a.stop || a.seq - b.seq);
  }

  // The answer: card, tail, cosignature, results, lines, the missing number of receiving.md; one head; one commit
  async take(raw) {
    const frame = readFrame(raw, this.link, this.them, this.me);
    await this.attempt('takeCard', frame.card);
    await this.attempt('takeTail', frame.tail && frame);
    await this.attempt('takeCosignature', frame.cosignature);
    for (const result of frame.results) this.takeResult(result);
    for (const line of frame.lines) await this.attempt('receive', line);
    while (this.isGivenUp(this.missing())) this.record(this.sentOf(this.missing()), 'voided');
    this.commit();
    return frame.lines.length + frame.leaves.length;
  }
  takeTail({ tail, leaves }) {
    const held = this.copy.length, findKey = (matches, size) => this.findKey('head', matches, size - 1);
    const taken = checkTail(this.copy, tail, leaves, { link: this.link, them: this.them, findKey }); // 7
    if (!taken) return;
    this.copy.push(...taken.fresh); // 8
    this.state.mine = { size: taken.head.size, head: taken.head.note, note: cosign(this.keys.cosign, this.me, taken.head.text) };
    for (const leaf of taken.read) { // 9; 10 is that verdicts are looked up in the copy
      const isOfOurs = !['rcvd', 'accp', 'rejc'].includes(leaf.ev) || first(this.own, 'sent', leaf.seq)?.id === leaf.id;
      if (!hasEffect(leaf) || !isOfOurs) this.alarm('difference', `leaf ${leaf.i}`);
      else if (leaf.ev === 'keyx') this.takeKey(leaf, held);
    }
  }
  takeCosignature({ size, note }) {
    const head = this.state.heads[size];
    if (!head || size <= (this.state.cosignature?.size ?? 0)) return;
    checkCosigned(note, this.them, `${head.split('\n\n')[0]}\n`, (matches) => this.findKey('cosign', matches));
    this.state.cosignature = { size, note };
    this.start = size;
  }
  takeResult({ seq, r, code }) { // says only what to do with the line that was offered
    const one = this.offered.find((line) => line.seq === seq);
    this.cardAsked = code === 'unknown_card';
    if (one && r === 'refused') one.refused = true; // a person decides
  }

  // Receiving, 1 to 19. A verdict is a leaf; without one the partner offers the line again
  async receive(line) {
    const { own, state: { salts } } = this, [compact, body, more] = line.split('~'); // 1
    demand(body && more === undefined, 'envelope_invalid');
    const jws = openJws('envelope', compact), envelope = jws.payload, { seq, id, pc } = envelope;
    demand(envelope.expires > envelope.created, 'envelope_invalid');
    demand(envelope.to === this.me && envelope.link === this.link, 'wrong_recipient'); // 2
    const named = this.state.spans[jws.kid]; // 3
    demand(envelope.from === this.them && named?.use === 'envelope', 'signer_unknown');
    jws.verify(unb64(named.raw)); // 4
    demand(body.length === envelope.body.size && digest(body) === envelope.body.sha256, 'envelope_invalid');
    const content = await this.examine(envelope, body).catch((error) => ({ fault: faultOf(error).code })); // 5 to 8
    const eh = digest(compact), cd = envelope.body.sha256;
    const before = first(own, 'rcvd', seq); // 9
    if (before?.id === id && before.eh === eh) return;
    demand(!before && !said(own, 'rcvd').some((leaf) => leaf.id === id), 'conflict');
    const sent = this.sentOf(seq); // 10
    if (sent?.id !== id || sent.eh !== eh || sent.cd !== cd || sent.pc !== pc) return;
    demand(this.findKey('envelope', (_, kid) => kid === jws.kid, sent.i), 'key_revoked'); // 11
    if (seq !== this.missing() && !this.stops.includes(content.document?.header.type)) return; // 12
    if (Date.parse(envelope.created) > Date.now() + SKEW_MS) return; // 13
    const late = this.isGivenUp(seq) ? 'voided' : envelope.expires < instant() && 'expired';
    const code = late || content.fault || (content.salts.some((salt) => salts[salt]) && 'commitment_mismatch') // 14, 15
      || (!this.agreement.terms.types[content.document.header.type] && 'type_not_agreed'); // 17
    if (!late) for (const salt of content.salts ?? []) salts[salt] = 1;
    if (!code) writeDurably(`${this.folder}/inbox`, `${seq}-${id}.json`, JSON.stringify(content.document));
    this.record(sent, code); // 19
  }
  async examine(envelope, body) {
    demand(envelope.agr === 1 && envelope.suite === this.agreement.suite, 'agreement_mismatch'); // 5, 16: it has one version
    const parts = unpad(await unseal(body, envelope, this.keys.seal));
    demand(commitment(envelope.id, parts) === envelope.pc, 'commitment_mismatch'); // 6
    return readMessage(parts, envelope); // 7, 8
  }
  record({ seq, id, eh, cd }, code) {
    this.append('rcvd', { seq, id, eh, cd, ...(code ? { k: 'rejected', code } : { k: 'accepted' }) });
  }
  sentOf(seq) { return first(this.copy, 'sent', seq); } // what the partner says of its number
  missing(seq = 1) { return first(this.own, 'rcvd', seq) ? this.missing(seq + 1) : seq; }
  isGivenUp(seq) { return said(this.copy, 'void').some((one) => one.seq === seq && one.id === this.sentOf(seq)?.id); }

  // The loop of build-a-partner.md; a new file in the outbox ends the request that waits
  async run() {
    let failures = 0, waiting = null;
    const rest = () => pause(Math.random() * Math.min(this.mostWait, 2000 * 2 ** failures));
    fs.watch(`${this.folder}/outbox`, () => { if (!this.offered.length) waiting?.abort(); });
    for (;;) {
      try {
        if (!this.open) await openGate(this);
        waiting = new AbortController();
        await this.takeOutbox();
        const news = await this.take(await post(this, 'exchange', this.frame(), waiting.signal));
        failures = this.offered.some((one) => this.isOpen(one)) ? failures + 1 : 0; // 6: the same bytes, later
        if (failures || !news) await rest();
      } catch (error) {
        if (error.name === 'AbortError') continue;
        if (faultOf(error).code === 'people') throw error;
        this.open &&= error.code !== '503';
        console.error(`${instant()} ${error.message}`);
        if (error.code !== '503' || failures) await rest();
        failures += 1;
      }
    }
  }
}
