// SPDX-License-Identifier: Apache-2.0
// The partner with one fault, for the tests: node wrong.mjs signature|commitment|repeat FOLDER [MOST_WAIT_MS]
import { messageId } from './forms.mjs';
import { commitment } from './body.mjs';
import { Partner } from './partner.mjs';

const [fault, ...given] = process.argv.slice(2);

class Wrong extends Partner {
  commitTo(id, parts) { return commitment(fault === 'commitment' ? messageId() : id, parts); }
  dueLines(end) { // a line that has its verdict is offered once more
    const again = fault === 'repeat' && !this.repeated ? this.state.out.slice(0, 1) : [];
    this.repeated = true;
    return [...again, ...super.dueLines(end)];
  }
  lineOf({ line }) { // one bit of the signature of the envelope, not of its last character
    const at = line.indexOf('~') - 9;
    return fault === 'signature' ? line.slice(0, at) + (line[at] === 'A' ? 'B' : 'A') + line.slice(at + 1) : line;
  }
  takeResult(result) { console.log(JSON.stringify(result)); super.takeResult(result); }
}
await new Wrong(...given).run();
