// SPDX-License-Identifier: Apache-2.0
// The caller's side of the door: TLS with a pinned key, signed requests. Source: docs/protocol/door.md.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import tls from 'node:tls';
import { Fault, b64u, demand, random, sha256, sign, unb64 } from './forms.mjs';

const MOST_BYTES = 9437184, TIMEOUT_MS = 75000, TYPES = { exchange: 'application/vnd.exchange.frame', gate: 'application/jose' };

const agent = new https.Agent({ keepAlive: true });
agent.createConnection = ({ host, port, pins }, done) => { // TLS rules 1 to 3: the key is compared before one byte of HTTP
  const socket = tls.connect({ host, port, minVersion: 'TLSv1.3', rejectUnauthorized: false }, () => {
    const { x = '', y = '' } = new X509Certificate(socket.getPeerCertificate().raw).publicKey.export({ format: 'jwk' });
    if (pins.includes(b64u(Buffer.concat([Buffer.from([4]), unb64(x), unb64(y)])))) return done(null, socket);
    socket.destroy();
    return done(new Fault('tls', 'the certificate has another key than the card'));
  });
  socket.once('error', done);
};

async function read(answer, type) {
  const { 'content-type': found, 'content-length': size } = answer.headers;
  demand(Number(size) <= MOST_BYTES, 'too_large', `answer of ${size} bytes`);
  const text = Buffer.concat(await answer.toArray()).toString('latin1');
  demand(answer.statusCode === 200 && found === type, String(answer.statusCode), text.slice(0, 200));
  return text;
}

// Gives the bytes of an answer 200, each as a character; another answer is a Fault with its status as code, and none is `network`
export async function post({ card, link, them, keys: { door } }, route, body, signal) {
  const path = `/v1/links/${link}/${route}`, headers = { 'content-digest': `sha-256=:${sha256(body).toString('base64')}:`,
    'content-type': TYPES[route], 'content-length': body.length, 'x-exchange-to': them };
  const covered = Object.entries({ '@method': 'POST', '@path': path, '@query': '?', ...headers });
  const parameters = `(${covered.map(([name]) => `"${name}"`).join(' ')});created=${Math.floor(Date.now() / 1000)}`
    + `;keyid="${door.kid}";nonce="${random(16)}";tag="exchange/1"`;
  const base = [...covered, ['@signature-params', parameters]].map(([name, value]) => `"${name}": ${value}`).join('\n');
  const pins = card.keys.filter((key) => key.use === 'tls' && !key.revoked).map((key) => key.raw);
  const options = { method: 'POST', signal, agent, pins, timeout: TIMEOUT_MS, headers: { ...headers,
    'signature-input': `exchange=${parameters}`, signature: `exchange=:${sign(door.key, base).toString('base64')}:` } };
  const request = https.request(new URL(path, card.addresses[0]), options);
  request.on('timeout', () => request.destroy(new Fault('timeout'))).end(body);
  return once(request, 'response').then(([answer]) => read(answer, TYPES[route])).catch((error) => {
    throw error instanceof Fault || error.name === 'AbortError' ? error : new Fault('network', error.message);
  });
}
