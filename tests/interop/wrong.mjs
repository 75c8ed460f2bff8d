// SPDX-License-Identifier: Apache-2.0
// The partner with one fault, for the tests: node wrong.mjs signature|commitment|repeat FOLDER [MOST_WAIT_MS]
import { digest, signJws, unb64 } from './forms.mjs';
import { readLeaf } from './log.mjs';
import { Partner } from './partner.mjs';

const [fault, ...given] = process.argv.slice(2);

class Wrong extends Partner {
  async number(id, document) { // the envelope and its leaf name another commitment than that of the parts
    await super.number(id, document);
    if (fault !== 'commitment') return;
    const one = this.state.out.at(-1), [envelope, body] = one.line.split('~'), pc = digest('another');
    const payload = JSON.stringify({ ...JSON.parse(unb64(envelope.split('.')[1])), pc });
    const signed = signJws(this.keys.envelope, 'envelope', payload);
    const { seq, cd, sz } = readLeaf(this.own.pop());
    this.append('sent', { seq, id, eh: digest(signed), cd, pc, sz });
    one.line = `${signed}~${body}`;
  }
  dueLines(end) { // a line that has its verdict is offered once more
    const again = fault === 'repeat' && !this.repeated ? this.state.out.slice(0, 1) : [];
    this.repeated = true;
    return [...again, ...super.dueLines(end)];
  }
  frame() { // one bit of the signature of the envelope, not of its last character
    const raw = super.frame(), at = raw.indexOf('~') - 9;
    if (fault === 'signature' && at >= 0) raw[at] = raw.toString('latin1', at, at + 1) === 'A' ? 0x42 : 0x41;
    return raw;
  }
  takeResult(result) { console.log(JSON.stringify(result)); super.takeResult(result); }
}
await new Wrong(...given).run();
