// SPDX-License-Identifier: Apache-2.0
// Version, names that never travel, form, codes: what the schemas and lists decide. Source: docs/protocol/content.md.
import { readdirSync, readFileSync } from 'node:fs';
import { demand, is } from './forms.mjs';

// Names that never travel; the second list only in the type of its name
const NEVER = new Set(('bank_account criminal_record diagnosis exit_ban interview medical_record offence political_opinion '
  + 'provider_name provider_place religion shelter shelter_address telephone').split(' '));
const NEVER_IN = { RPN: ['belongings', 'exploitation', 'fingerprints', 'relatives', 'residence_right'] };
const KINDS = { object: is.object, array: is.list, string: is.text, integer: Number.isSafeInteger,
  boolean: (one) => one === !!one };

export class Forms {
  constructor(folder) {
    const load = (sub, name) => new Map(readdirSync(`${folder}/${sub}`).map((file) =>
      JSON.parse(readFileSync(`${folder}/${sub}/${file}`))).map((one) => [one[name], one]));
    this.schemas = load('messages', '$id');
    this.lists = load('codelists', 'list');
  }

  check(document) {
    const { type, type_version: version, list_versions: versions } = document.header;
    const schema = this.schemas.get(`urn:exchange:schema:${String(type).toLowerCase()}:${version}`);
    const first = (text) => String(text).split('.')[0]; // the first number of a list that is known must be ours
    const known = schema && Object.entries(versions ?? {}).every(([list, one]) =>
      !this.lists.has(list) || first(this.lists.get(list).version) === first(one));
    demand(known, this.has('message-types', type) ? 'version_unsupported' : 'code_unknown', type);
    const never = (one) => is.object(one) ? Object.entries(one).some(([name, value]) => NEVER.has(name)
      || NEVER_IN[type]?.includes(name) || never(value))
      : is.list(one) && one.some(never);
    demand(!never(document), 'over_disclosure', type);
    this.codes = [];
    demand(this.fits(document, schema, schema), 'form_invalid', type);
    demand(this.codes.every(([list, code]) => this.has(list, code)), 'code_unknown', type);
  }
  has(list, code) { return this.lists.get(list)?.codes.some((one) => one.code === code); }

  // The keywords that the schemas use; `base` is the file in which a reference without file is looked up
  fits(value, schema, base) {
    if (typeof schema === 'boolean') return schema;
    const fits = (one, inner) => this.fits(one, inner, base), size = is.text(value) ? [...value].length : value?.length;
    if (schema['x-list'] && !schema['x-list-open'] && is.text(value)) this.codes.push([schema['x-list'], value]);
    const rules = {
      $ref: (ref) => {
        const [id, path = ''] = ref.split('#'), file = id ? this.schemas.get(id) : base;
        return this.fits(value, path.split('/').slice(1).reduce((at, name) => at[name], file), file);
      },
      type: (kinds) => [kinds].flat().some((kind) => KINDS[kind](value)),
      const: (one) => value === one, enum: (list) => list.includes(value),
      allOf: (list) => list.every((one) => fits(value, one)), anyOf: (list) => list.some((one) => fits(value, one)),
      if: (one) => fits(value, (fits(value, one) ? schema.then : schema.else) ?? true),
      minimum: (n) => !(value < n), maximum: (n) => !(value > n),
      maxLength: (n) => !is.text(value) || size <= n, minLength: (n) => !is.text(value) || size >= n,
      pattern: (text) => !is.text(value) || new RegExp(text, 'u').test(value),
      maxItems: (n) => !is.list(value) || size <= n, minItems: (n) => !is.list(value) || size >= n,
      items: (one) => !is.list(value) || value.every((item) => fits(item, one)),
      contains: (one) => !is.list(value) || value.some((item) => fits(item, one)),
      required: (names) => !is.object(value) || names.every((name) => Object.hasOwn(value, name)),
      minProperties: (n) => !is.object(value) || Object.keys(value).length >= n,
      maxProperties: (n) => !is.object(value) || Object.keys(value).length <= n,
      propertyNames: (one) => !is.object(value) || Object.keys(value).every((name) => fits(name, one)),
      properties: (known) => !is.object(value) || Object.keys(value).every((name) => fits(value[name], known[name] ?? true)),
      additionalProperties: (one) => !is.object(value) || Object.keys(value).every((name) =>
        Object.hasOwn(schema.properties ?? {}, name) || fits(value[name], one)),
    };
    return Object.entries(schema).every(([name, argument]) => !rules[name] || rules[name](argument));
  }
}
