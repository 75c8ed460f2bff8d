// SPDX-License-Identifier: Apache-2.0
// Version, names that never travel, form, codes: what the schemas and lists decide. Source: docs/protocol/content.md.
import { readdirSync, readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { demand } from './forms.mjs';

const NEVER = new Set(('bank_account criminal_record diagnosis exit_ban interview medical_record offence political_opinion '
  + 'provider_name provider_place religion shelter shelter_address telephone').split(' ')); // the second list: only in RPN
const NEVER_IN = { RPN: ['belongings', 'exploitation', 'fingerprints', 'relatives', 'residence_right'] };

export class Forms {
  constructor(folder) {
    const load = (sub) => readdirSync(`${folder}/${sub}`).map((file) => JSON.parse(readFileSync(`${folder}/${sub}/${file}`)));
    this.lists = new Map(load('codelists').map((one) => [one.list, one]));
    this.schemas = new Ajv({ strict: false, schemas: load('messages'), keywords: [{ keyword: 'x-list', schemaType: 'string',
      validate: (list, code, schema) => schema['x-list-open'] || this.codes.push([list, code]) }] });
  }
  check(document) {
    const { type, type_version: version, list_versions: versions = {} } = document.header, major = (text) => String(text).split('.')[0];
    const fits = this.schemas.getSchema(`urn:exchange:schema:${String(type).toLowerCase()}:${version}`);
    const known = Object.entries(versions).every(([list, one]) => major(this.lists.get(list)?.version ?? one) === major(one));
    demand(fits && known, this.has('message-types', type) ? 'version_unsupported' : 'code_unknown', type);
    const travels = (one) => one === null || typeof one !== 'object' || Object.entries(one).every(([name, value]) =>
      !NEVER.has(name) && !NEVER_IN[type]?.includes(name) && travels(value));
    demand(travels(document), 'over_disclosure', type);
    this.codes = [];
    demand(fits(document), 'form_invalid', type);
    demand(this.codes.every(([list, code]) => this.has(list, code)), 'code_unknown', type);
  }
  has(list, code) { return this.lists.get(list)?.codes.some((one) => one.code === code); }
}
