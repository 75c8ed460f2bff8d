// SPDX-License-Identifier: Apache-2.0
// Commands of the partner; README.md says when each is used. One process at a time works on a folder.
import * as fs from 'node:fs';
import { join, linkId, loadKeys, makeKeys, noteKeys, words, writeCard } from './enrol.mjs';
import { b64u, demand, messageId } from './forms.mjs';
import { Partner, writeDurably } from './partner.mjs';

const VERSIONS = { RPN: ['1.0'], RPD: ['1.0'], CKS: ['1.0'] };

function change(folder, decide) {
  const state = JSON.parse(fs.readFileSync(`${folder}/state.json`));
  decide(state);
  writeDurably(folder, 'state.json', JSON.stringify(state));
}

const commands = {
  join(folder, agency, name, invitation, joining) { // makes keys and card, writes the file, shows the words
    for (const sub of ['outbox', 'inbox']) fs.mkdirSync(`${folder}/${sub}`, { recursive: true, mode: 0o700 });
    const made = makeKeys(), keys = loadKeys(made), ownCard = writeCard(keys, agency, name, VERSIONS);
    const { inviter, agreement, signature, joining: file } = join(fs.readFileSync(invitation), keys, ownCard);
    const shown = words(agreement), spans = noteKeys({}, inviter, 0);
    writeDurably(folder, 'state.json', JSON.stringify({ keys: made, ownCard, me: agency, them: inviter.agency,
      link: linkId(agreement), agreement: b64u(agreement), signature, words: shown, confirmed: false, spans,
      recovery: inviter.recovery, cards: [inviter.text], own: [], copy: [], heads: {}, out: [], salts: {}, alarms: [] }));
    fs.writeFileSync(joining, file);
    console.log(shown.join(' '));
  },
  confirm: (folder, ...spoken) => change(folder, (state) => { // people compared the words
    demand(spoken.join(' ') === state.words.join(' '), 'words', 'differ: nobody confirms, both files are made again');
    state.confirmed = true;
  }),
  send(folder, document) { // puts a document into the outbox, shows its message id
    const id = messageId();
    writeDurably(`${folder}/outbox`, `${id}.json`, fs.readFileSync(document));
    console.log(id);
  },
  run: (...given) => new Partner(...given).run(), // the gate, then the loop
  decide: (folder, number, giveUp) => change(folder, ({ out }) => { // a refused line goes again, or with a code is given up
    demand(out[number - 1]?.refused, 'state', `number ${number} is not refused`);
    Object.assign(out[number - 1], giveUp ? { giveUp } : { refused: false });
  }),
};

const [name, ...given] = process.argv.slice(2);
demand(commands[name] && given.length, 'usage', `node main.mjs ${Object.keys(commands).join('|')} FOLDER …`);
await commands[name](...given);
