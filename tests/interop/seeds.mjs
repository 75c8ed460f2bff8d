// SPDX-License-Identifier: Apache-2.0
// Private keys of the examples and vectors, made from their labels, for the tests.
import { createPrivateKey } from 'node:crypto';
import { sha256 } from './forms.mjs';

const PKCS8 = { Ed25519: '302e020100300506032b657004220420', X25519: '302e020100300506032b656e04220420' };
export const isMade = ({ alg }) => alg in PKCS8; // of the others this partner has none
export const jwkOf = ({ alg, label }) => createPrivateKey({ format: 'der', type: 'pkcs8',
  key: Buffer.concat([Buffer.from(PKCS8[alg], 'hex'), sha256(label)]) }).export({ format: 'jwk' });
