// SPDX-License-Identifier: Apache-2.0
// A partner with suite 1 that only calls: its own log, a copy of the other's, sending, receiving. The numbers are the
// steps of docs/protocol/sending.md and receiving.md. One process at a time works on a folder.
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { commitment, pad, readParts, seal, unpad, unseal, writeParts } from './body.mjs';
import { Forms } from './content.mjs';
import { Door } from './door.mjs';
import { loadKeys, readCard, usable } from './enrol.mjs';
import { openGate } from './gate.mjs';
import { demand, digest, exact, faultOf, instant, is, openJws, signJws, unb64 } from './forms.mjs';
import { checkCosignature, checkTail, cosign, readFrame, readLeaf, writeFrame, writeHead, writeLeaf } from './log.mjs';

const WAIT_S = 55, ON_ITS_WAY_MS = 30000, SKEW_MS = 300000, DAY_MS = 86400000, MOST_WAIT_MS = 900000;
const TAIL_LEAVES = 500; // of at most 2,048 bytes each: below 1 MiB
const ENVELOPE = { v: 1, id: is.id, link: is.text, agr: is.number, from: is.agency, to: is.agency, seq: is.number,
  created: is.instant, expires: is.instant, suite: is.number, pc: is.digest,
  body: (one) => exact(one, { sha256: is.digest, size: is.number }) };

export function writeDurably(path, text) { // whole or not at all, also after a power cut
  for (const [name, flag] of [[`${path}.new`, 'w'], [dirname(path), 'r']]) {
    const file = fs.openSync(name, flag, 0o600);
    if (flag === 'w') fs.writeFileSync(file, text);
    else fs.renameSync(`${path}.new`, path);
    fs.fsyncSync(file);
    fs.closeSync(file);
  }
}

export class Partner {
  constructor(folder, schemas, mostWait = MOST_WAIT_MS) {
    const state = JSON.parse(fs.readFileSync(`${folder}/state.json`));
    demand(state.confirmed, 'people', 'nobody has compared the words');
    const { me, them, link } = state;
    Object.assign(this, { folder, state, me, them, link, mostWait: Number(mostWait) });
    Object.assign(this, { results: [], told: 0, offered: [], open: false });
    this.keys = loadKeys(state.seeds);
    this.forms = new Forms(schemas);
    this.agreement = JSON.parse(unb64(state.agreement));
    this.stops = JSON.parse(fs.readFileSync(`${schemas}/codelists/case-states.json`)).stops;
    this.due = new Map(); // number of a line: moment from which it may be offered again
    this.door = new Door({ address: this.card.addresses[0], link: this.link, to: this.them, key: this.keys.door,
      pins: () => this.card.keys.filter((key) => key.use === 'tls' && !key.revoked).map((key) => key.raw) });
  }
  get card() { return readCard(this.state.cards.at(-1), this.state.recovery); }
  commit() { writeDurably(`${this.folder}/state.json`, JSON.stringify(this.state)); }
  alarm(code, why) { this.state.alarms.push({ at: instant(), code, why }); }

  // The own log: leaves are gathered, then one head over all of them, then the commit
  append(ev, members) {
    const { leaves } = this.state.own;
    leaves.push(writeLeaf({ v: 1, link: this.link, by: this.me, ep: 1, i: leaves.length, t: instant(), ev, ...members }));
    return leaves.length - 1;
  }
  signHead() {
    const { leaves, notes } = this.state.own;
    notes[leaves.length] ??= writeHead(this.keys.head, this.link, this.me, leaves);
  }
  begin() { // log.md, the beginning of a log
    const card = readCard(this.state.ownCard), ad = digest(unb64(this.state.agreement));
    this.append('open', { n: 1, ad, crd: card.digest });
    this.append('agrx', { n: 1, ad, fs: 1 });
    for (const { use, kid } of card.keys) this.append('keyx', { op: 'add', use, kid, cs: card.serial, crd: card.digest });
  }

  // Where a key of the partner counts: log.md
  takeCard(text) { // enrolment.md, a new card, 1 to 4
    const card = readCard(text, this.state.recovery), old = this.card, held = this.state.copy.leaves.length;
    demand(card.agency === old.agency && card.node === old.node && card.training === old.training, 'card', 'another agency');
    if (card.serial < old.serial || card.text === old.text) return;
    demand(card.serial > old.serial, 'card_conflict');
    for (const { kid, use, raw, revoked, reason } of card.keys) {
      const span = this.state.spans[kid] ??= { use, raw, until: revoked ? 0 : null };
      if (reason === 'compromised') span.until = Math.min(span.until ?? held, held);
    }
    this.state.cards.push(text);
  }
  findKey(use, place) { // without a place: now
    const now = new Set(this.card.keys.filter((key) => !key.revoked).map((key) => key.kid));
    const counts = ([kid, span]) => span.use === use && (place === undefined ? now.has(kid) && span.until === null
      : place >= (span.added ?? 0) && place < (span.until ?? Infinity));
    const keys = Object.entries(this.state.spans).filter(counts).map(([kid, span]) => [unb64(span.raw), kid]);
    return (matches) => keys.find(([raw, kid]) => matches(raw, kid))?.[0];
  }

  // Sending, 1 to 4, 11: each file of the outbox gets a number once; its name is the message id
  async number(id, { header, content, persons }) {
    const { me: from, them: to, link } = this, seq = this.state.out.length + 1, created = Date.now();
    const filled = { ...header, message_id: id, sender: from, recipient: to, link, agreement: 1 };
    this.forms.check({ header: filled, content, persons }); // 1
    const parts = writeParts({ header: filled, content, persons }), pc = this.commitTo(id, parts), plaintext = pad(parts); // 3
    const body = await seal(plaintext, from, to, usable(this.card, 'seal', 'X25519')), cd = digest(body);
    const payload = { v: 1, id, link, agr: 1, from, to, seq, created: instant(created), // 4
      expires: instant(created + this.agreement.terms.expires_days * DAY_MS), suite: 1,
      body: { sha256: cd, size: body.length }, pc };
    const envelope = signJws(this.keys.envelope, 'exchange-envelope+jws', JSON.stringify(payload));
    const leaf = { seq, id, eh: digest(envelope), cd, pc, sz: plaintext.length };
    this.state.out.push({ ...leaf, line: `${envelope}~${body}`, stop: this.stops.includes(header.type), state: 'sent',
      expires: payload.expires, index: this.append('sent', leaf) });
  }
  commitTo(id, parts) { return commitment(id, parts); }
  async takeOutbox() {
    const folder = `${this.folder}/outbox`, files = fs.readdirSync(folder).filter((file) => file.endsWith('.json')).sort();
    for (const file of files) {
      const id = file.slice(0, -5), document = JSON.parse(fs.readFileSync(`${folder}/${file}`));
      if (!this.state.out.some((one) => one.id === id)) {
        await this.number(id, document).catch((error) => this.alarm(faultOf(error).code, id));
      }
    }
    const over = this.state.out.filter((one) => ['sent', 'refused'].includes(one.state) && (one.giveUp || one.expires < instant()));
    for (const one of over) { // 11
      this.append('void', { seq: one.seq, id: one.id, code: one.giveUp ?? 'expired' });
      one.state = 'voided';
    }
    if (files.length + over.length) { this.signHead(); this.commit(); }
    for (const file of files) fs.unlinkSync(`${folder}/${file}`);
  }

  // 5: own leaves from the partner's newest cosignature on, own cosignature, results, one line that is due
  frame() {
    const { own, mine, ownCard } = this.state, from = this.start, reach = Object.keys(own.notes).map(Number);
    const end = Math.max(from, ...reach.filter((size) => size - from <= TAIL_LEAVES)), leaves = own.leaves.slice(from, end);
    const results = this.results.slice(0, 200);
    this.told = results.length;
    this.offered = this.dueLines(end).slice(0, 1);
    for (const one of this.offered) this.due.set(one.seq, Date.now() + ON_ITS_WAY_MS);
    return writeFrame({ v: 1, link: this.link, from: this.me, to: this.them,
      wait: this.offered.length || results.length ? 0 : WAIT_S,
      tail: leaves.length ? { by: this.me, ep: 1, from, count: leaves.length, head: own.notes[end] } : null,
      cosignature: mine ? { ep: 1, size: mine.size, note: mine.note } : null,
      card: this.cardAsked || leaves.some((leaf) => readLeaf(leaf).ev === 'keyx') ? ownCard : '',
      messages: this.offered.length, results }, leaves, this.offered.map((one) => this.lineOf(one)));
  }
  dueLines(end) {
    return this.state.out.filter((one) => one.state === 'sent' && one.index < end && !(this.due.get(one.seq) > Date.now()))
      .sort((a, b) => b.stop - a.stop || a.seq - b.seq);
  }
  lineOf(one) { return one.line; }

  // The answer: card, tail, cosignature, results, lines; one head; one commit
  async take(raw) {
    const frame = readFrame(raw, this.link, this.them, this.me), before = this.state.own.leaves.length;
    this.results.splice(0, this.told);
    for (const [here, step] of [[frame.card, () => this.takeCard(frame.card)], [frame.tail, () => this.takeTail(frame)],
      [frame.cosignature, () => this.takeCosignature(frame.cosignature)]]) {
      try { if (here) step(); } catch (error) { this.alarm(faultOf(error).code, error.message); }
    }
    for (const one of frame.results) this.takeResult(one);
    for (const line of frame.lines) this.results.push(await this.receive(line, frame.card));
    this.closeVoided();
    this.signHead();
    this.commit();
    return frame.lines.length + frame.results.length + frame.leaves.length + this.state.own.leaves.length - before;
  }
  takeTail({ tail, leaves }) {
    const { copy } = this.state, held = copy.leaves.length, findKey = (matches, size) => this.findKey('head', size - 1)(matches);
    const taken = checkTail(copy.leaves, tail, leaves, { link: this.link, them: this.them, findKey }); // 7
    if (!taken) return;
    copy.leaves.push(...taken.fresh); // 8
    copy.notes.push(taken.head.note);
    this.state.mine = { size: taken.head.size, note: cosign(this.keys.cosign, this.me, taken.head.text) };
    const fresh = taken.fresh.map(readLeaf);
    for (const leaf of fresh) if (leaf.ev === 'keyx') this.takeKey(leaf, held); // 9
    for (const leaf of fresh) this.takeLeaf(leaf); // 10
  }
  takeKey({ op, kid, i }, held) {
    const span = this.state.spans[kid];
    if (!span) this.alarm('log_invalid', `keyx names ${kid}, which no card has`);
    else if (op === 'add') span.added ??= i;
    else span.until = Math.min(span.until ?? Infinity, op === 'retire' ? i : held);
  }
  takeLeaf(leaf) {
    const { theirSent, theirVoids, out } = this.state, one = out[leaf.seq - 1], { ev, seq, k, code } = leaf;
    if (ev === 'sent') theirSent[seq] ??= leaf;
    if (ev === 'void' && theirSent[seq]?.id === leaf.id) theirVoids[seq] ??= code;
    const verdict = { rcvd: k, accp: 'accepted', rejc: 'rejected' }[ev];
    if (!verdict) return;
    const same = one?.id === leaf.id
      && (ev === 'rcvd' ? one.eh === leaf.eh && one.cd === leaf.cd && !one.verdict : one.state === 'held');
    if (same) Object.assign(one, { state: verdict, verdict: { k: verdict, code } });
    else this.alarm('difference', `verdict on number ${seq}`);
  }
  takeCosignature({ size, note }) {
    const head = this.state.own.notes[size];
    if (!head || size <= (this.state.cosignature?.size ?? 0)) return;
    checkCosignature(note, this.them, `${head.split('\n\n')[0]}\n`, this.findKey('cosign'));
    this.state.cosignature = { size, note };
    this.start = size;
  }
  takeResult({ seq, r, code }) { // says only when to offer again
    const one = this.offered.find((line) => line.seq === seq);
    this.cardAsked = code === 'unknown_card';
    if (one) one.tries = r === 'again' ? (one.tries ?? 0) + 1 : 0;
    if (one?.tries) this.due.set(seq, Date.now() + this.wait(one.tries));
    if (one?.state === 'sent' && r === 'refused') one.state = 'refused'; // a person decides
  }

  // Receiving, 1 to 19: gives the result; a verdict is a leaf
  async receive(line, cardCame) {
    let number = { seq: 0, id: '00000000-0000-7000-8000-000000000000' };
    const { theirSent, received, salts } = this.state, say = (r, code) => ({ ...number, r, ...(code && { code }) });
    try {
      const [compact, body, more] = line.split('~'); // 1
      demand(body && more === undefined, 'envelope_invalid');
      const jws = openJws(compact, 'exchange-envelope+jws', 4096);
      const envelope = exact(jws.payload, ENVELOPE), { seq, id, pc } = envelope;
      number = { seq, id };
      demand(envelope.expires > envelope.created, 'envelope_invalid');
      demand(envelope.to === this.me && envelope.link === this.link, 'wrong_recipient'); // 2
      const named = this.state.spans[jws.kid]; // 3
      demand(envelope.from === this.them, 'signer_unknown');
      if (named?.use !== 'envelope') return cardCame ? say('refused', 'refused') : say('again', 'unknown_card');
      jws.verify(unb64(named.raw)); // 4
      demand(body.length === envelope.body.size && digest(body) === envelope.body.sha256, 'envelope_invalid');
      const content = await this.examine(envelope, body), eh = digest(compact), cd = envelope.body.sha256; // 5 to 8
      if (received[seq]?.id === id && received[seq].eh === eh) return say('logged'); // 9
      demand(!received[seq] && !Object.values(received).some((one) => one.id === id), 'conflict');
      const sent = theirSent[seq]; // 10
      if (sent?.id !== id || sent.eh !== eh || sent.cd !== cd || sent.pc !== pc) return say('again', 'tail_needed');
      demand(this.findKey('envelope', sent.i)((_, kid) => kid === jws.kid), 'key_revoked'); // 11
      if (seq !== this.missing() && !this.stops.includes(content.document?.header.type)) return say('again', 'gap'); // 12
      if (Date.parse(envelope.created) > Date.now() + SKEW_MS) return say('again', 'not_yet'); // 13
      const late = this.state.theirVoids[seq] ? 'voided' : envelope.expires < instant() && 'expired';
      const code = late || content.fault || (content.salts.some((salt) => salts[salt]) && 'commitment_mismatch') // 14, 15
        || (envelope.agr !== 1 && 'agreement_mismatch') // 16
        || (!this.agreement.terms.types[content.document.header.type] && 'type_not_agreed'); // 17
      if (!late) for (const salt of content.salts ?? []) salts[salt] = 1;
      if (!code) writeDurably(`${this.folder}/inbox/${seq}-${id}.json`, JSON.stringify(content.document));
      this.record({ seq, id, eh, cd }, code); // 19
      return say('logged');
    } catch (error) {
      this.alarm(faultOf(error).code, `line ${number.seq} refused`);
      return say('refused', 'refused');
    }
  }
  async examine(envelope, body) {
    try {
      demand(envelope.suite === this.agreement.suite, 'agreement_mismatch'); // 5
      const parts = unpad(await unseal(body, envelope, this.keys.seal));
      demand(commitment(envelope.id, parts) === envelope.pc, 'commitment_mismatch'); // 6
      const content = readParts(parts, envelope); // 7
      this.forms.check(content.document); // 8
      return content;
    } catch (error) { return { fault: faultOf(error).code }; }
  }
  record(number, code) {
    const verdict = code ? { k: 'rejected', code } : { k: 'accepted' };
    this.append('rcvd', { ...number, ...verdict });
    this.state.received[number.seq] = { ...number, ...verdict };
  }
  missing(seq = 1) { return this.state.received[seq] ? this.missing(seq + 1) : seq; }
  closeVoided() { // receiving.md, the missing number
    for (let seq = this.missing(); this.state.theirVoids[seq]; seq = this.missing()) {
      const { id, eh, cd } = this.state.theirSent[seq];
      this.record({ seq, id, eh, cd }, 'voided');
    }
  }

  wait(tries) { return Math.random() * Math.min(this.mostWait, 2000 * 2 ** tries); }

  // The loop of build-a-partner.md; a new file in the outbox ends the request that waits
  async run() {
    let fresh = false, failures = 0, waiting = null;
    fs.watch(`${this.folder}/outbox`, () => { fresh = true; if (!this.offered.length) waiting?.abort(); });
    for (;;) {
      try {
        if (!this.open) await openGate(this);
        do { fresh = false; await this.takeOutbox(); } while (fresh);
        waiting = new AbortController();
        const answer = await this.door.post('exchange', 'application/vnd.exchange.frame', this.frame(), waiting.signal);
        const said = await this.take(answer);
        failures = 0;
        if (!said) await pause(1000);
      } catch (error) {
        if (error.name === 'AbortError') continue;
        if (faultOf(error).code === 'people') throw error;
        this.open &&= error.code !== '503';
        for (const one of this.offered) this.due.delete(one.seq); // 6: nothing has changed
        console.error(`${instant()} ${error.message}`);
        if (error.code !== '503' || failures) await pause(this.wait(failures));
        failures += 1;
      }
    }
  }
}
