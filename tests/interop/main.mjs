// SPDX-License-Identifier: Apache-2.0
// Commands of the partner. One process at a time works on a folder.
import * as fs from 'node:fs';
import { join, linkId, loadKeys, makeSeeds, words, writeCard } from './enrol.mjs';
import { b64u, demand, messageId } from './forms.mjs';
import { check } from './check.mjs';
import { Partner, writeDurably } from './partner.mjs';

const USAGE = `node main.mjs COMMAND FOLDER …
  join FOLDER AGENCY NAME SCHEMAS WORDLIST INVITATION JOINING   makes keys and card, writes the joining file, shows the words
  confirm FOLDER EIGHT WORDS                                    people compared the words
  send FOLDER DOCUMENT                                          puts a document into the outbox, shows its message id
  run FOLDER SCHEMAS                                            the gate, then the loop
  again FOLDER NUMBER                                           a person lets a refused line go again
  void FOLDER NUMBER CODE                                       or gives the number up
  check FOLDER                                                  compares both logs`;

function decided(folder, number, members) {
  const state = JSON.parse(fs.readFileSync(`${folder}/state.json`)), one = state.out[number - 1];
  demand(one?.state === 'refused', 'state', `number ${number} is not refused`);
  Object.assign(one, members);
  writeDurably(`${folder}/state.json`, JSON.stringify(state));
}

const commands = {
  join(folder, agency, name, schemas, list, invitation, joining) {
    for (const sub of ['outbox', 'inbox']) fs.mkdirSync(`${folder}/${sub}`, { recursive: true, mode: 0o700 });
    const seeds = makeSeeds(), keys = loadKeys(seeds);
    const versions = { RPN: ['1.0'], RPD: ['1.0'], CKS: ['1.0'] };
    const ownCard = writeCard(keys, agency, name, versions);
    const made = join(fs.readFileSync(invitation), keys, ownCard, schemas);
    const shown = words(made.agreement, fs.readFileSync(list, 'ascii').trim().split(/\s+/));
    const spans = Object.fromEntries(made.inviter.keys.map(({ kid, use, raw }) => [kid, { use, raw, until: null }]));
    writeDurably(`${folder}/state.json`, JSON.stringify({ seeds, ownCard, me: agency, them: made.inviter.agency,
      link: linkId(made.agreement), agreement: b64u(made.agreement), signature: made.signature, words: shown, confirmed: false,
      recovery: made.inviter.recovery, cards: [made.inviter.text], spans, own: { leaves: [], notes: {} },
      copy: { leaves: [], notes: [] }, out: [], received: {}, theirSent: {}, theirVoids: {}, salts: {}, alarms: [] }));
    writeDurably(joining, made.joining);
    console.log(shown.join(' '));
  },
  confirm(folder, ...spoken) {
    const state = JSON.parse(fs.readFileSync(`${folder}/state.json`));
    demand(spoken.join(' ') === state.words.join(' '), 'words', 'differ: nobody confirms, both files are made again');
    writeDurably(`${folder}/state.json`, JSON.stringify({ ...state, confirmed: true }));
  },
  send(folder, document) {
    const id = messageId();
    writeDurably(`${folder}/outbox/${id}.json`, fs.readFileSync(document));
    console.log(id);
  },
  run: (...given) => new Partner(...given).run(),
  again: (folder, number) => decided(folder, number, { state: 'sent' }),
  void: (folder, number, giveUp) => decided(folder, number, { giveUp }),
  check: (folder) => console.log(JSON.stringify(check(JSON.parse(fs.readFileSync(`${folder}/state.json`))))),
};

const [name, ...given] = process.argv.slice(2);
try {
  demand(commands[name] && given.length, 'usage', USAGE);
  await commands[name](...given);
} catch (error) {
  console.error(`error: ${error.code ? error.message : error.stack}`);
  process.exit(1);
}
