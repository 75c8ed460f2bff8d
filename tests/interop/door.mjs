// SPDX-License-Identifier: Apache-2.0
// The caller's side of the door: TLS with a pinned key, signed requests. Source: docs/protocol/door.md.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import tls from 'node:tls';
import { Fault, b64u, demand, random, sha256, sign, unb64 } from './forms.mjs';

const FIELDS = ['@method', '@path', '@query', 'content-digest', 'content-type', 'content-length', 'x-exchange-to'];
const ANSWER_BYTES = 9437184, TIMEOUT_MS = 75000;

class Pinned extends http.Agent { // TLS rules 1 to 3: the key is compared before one byte of HTTP
  constructor(pins) { super({ keepAlive: true }); this.pins = pins; }
  createConnection({ host, port }, done) {
    const socket = tls.connect({ host, port, minVersion: 'TLSv1.3', rejectUnauthorized: false }, () => {
      const { x = '', y = '' } = new X509Certificate(socket.getPeerCertificate().raw).publicKey.export({ format: 'jwk' });
      if (this.pins().includes(b64u(Buffer.concat([Buffer.from([4]), unb64(x), unb64(y)])))) return done(null, socket);
      socket.destroy();
      return done(new Fault('tls', 'the certificate has another key than the card'));
    });
    socket.once('error', done);
  }
}

async function read(answer, type) {
  const chunks = [];
  for await (const chunk of answer) {
    chunks.push(chunk);
    demand(chunks.reduce((size, one) => size + one.length, 0) <= ANSWER_BYTES, 'too_large', 'answer');
  }
  const bytes = Buffer.concat(chunks), right = answer.statusCode === 200 && answer.headers['content-type'] === type;
  demand(right, String(answer.statusCode), bytes.toString('latin1', 0, 200));
  return bytes;
}

export class Door {
  constructor({ address, link, to, key, pins }) {
    Object.assign(this, { url: new URL(address), link, to, key, agent: new Pinned(pins) });
  }

  // Gives the bytes of an answer 200; another answer is a Fault with its status as code, and none is `network`
  post(route, type, body, signal) {
    const path = `/v1/links/${this.link}/${route}`, values = { '@method': 'POST', '@path': path, '@query': '?',
      'content-digest': `sha-256=:${sha256(body).toString('base64')}:`, 'content-type': type, 'content-length': body.length,
      'x-exchange-to': this.to };
    const parameters = `(${FIELDS.map((name) => `"${name}"`).join(' ')});created=${Math.floor(Date.now() / 1000)}`
      + `;keyid="${this.key.kid}";nonce="${random(16)}";tag="exchange/1"`;
    const base = [...FIELDS.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${parameters}`].join('\n');
    const headers = Object.fromEntries(FIELDS.slice(3).map((name) => [name, values[name]]));
    headers['signature-input'] = `exchange=${parameters}`;
    headers.signature = `exchange=:${sign(this.key.key, base).toString('base64')}:`;
    const { hostname: host, port } = this.url, options = { host, port: port || 443, path, method: 'POST', headers, signal };
    const request = http.request({ ...options, agent: this.agent, timeout: TIMEOUT_MS });
    request.on('timeout', () => request.destroy(new Fault('timeout'))).end(body);
    return once(request, 'response').then(([answer]) => read(answer, type)).catch((error) => {
      throw error instanceof Fault || error.name === 'AbortError' ? error : new Fault('network', error.message);
    });
  }
}
