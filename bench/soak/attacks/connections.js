/** Attacks by how things are sent: cut, slow, hung up, and targets that are none. */

import { randomBytes, randomInt } from 'node:crypto';
import { form } from '../honest/desktop.js';

const SLOW = 8;
const TARGETS = [
  'GET http://[::1/user/token/keys',
  'GET *',
  'OPTIONS *',
  'GET //',
  'GET //evil.example/user/x/keys',
  'GET /%',
  'GET /user/%00/keys',
  'GET /user/me/store/%E0%A4%A',
  'GET /..%2f..%2fetc/passwd',
  'GET /static/../../etc/passwd',
  'GET http://other.example/livez',
  'CONNECT other.example:443',
  'TRACE /livez',
  'PROPFIND /user/me/keys',
  `GET /${'a'.repeat(12_000)}`,
  'GET /v1/file/%FF%FE',
  'GET /user/me/keys?limit=9e99&cursor=%00',
];
const HEAD = 'Host: soak\r\nX-Forwarded-For: 10.66.9.9\r\n';

/** @type {import('./passwords.js').Attack[]} */
export const connectionAttacks = [
  {
    kind: 'odd request targets',
    pause: 300,
    run(foe) {
      const target = TARGETS[randomInt(TARGETS.length)];
      return foe.raw(this.kind, `${target} HTTP/1.1\r\n${HEAD}Connection: close\r\n\r\n`, { hangUp: 3000 });
    },
  },
  {
    kind: 'bodies cut off',
    pause: 500,
    run(foe) {
      const path = ['/token', '/register', '/user/me/store/cut', '/v1/sync', '/api/v1/events', '/api/v1/sync/push'][
        randomInt(6)
      ];
      const head = `POST ${path} HTTP/1.1\r\n${HEAD}Authorization: Bearer ${foe.tokens.free}\r\nContent-Length: 1000\r\n\r\n`;
      return foe.raw(this.kind, `${head}{"value":"x`, { hangUp: 50 + randomInt(500) });
    },
  },
  {
    kind: 'slow headers and bodies',
    pause: 5000,
    run(foe) {
      const body = `POST /token HTTP/1.1\r\n${HEAD}Content-Length: 500\r\n\r\n{`;
      const slow = (/** @type {unknown} */ _, /** @type {number} */ i) =>
        foe.raw(this.kind, i % 2 === 0 ? `GET /livez HTTP/1.1\r\n${HEAD}X-Slow: ` : body, { drip: 'a'.repeat(60) });
      return Promise.all(Array.from({ length: SLOW }, slow));
    },
  },
  {
    kind: 'uploads hung up half way',
    pause: 4000,
    async run(foe) {
      const { headers, body } = form(randomBytes(600_000), foe.tokens.device);
      const head = Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('');
      const sent = `POST /api/v1/blobs/ HTTP/1.1\r\n${HEAD}${head}Content-Length: ${body.length}\r\n\r\n`;
      await foe.raw(this.kind, sent + body.subarray(0, randomInt(body.length)).toString('latin1'), {
        hangUp: 100 + randomInt(900),
      });
    },
  },
  {
    kind: 'downloads hung up half way',
    pause: 4000,
    async run(foe) {
      const path = '/user/me/store/large';
      await foe.send(
        this.kind,
        { method: 'POST', path, headers: foe.free, body: JSON.stringify({ value: 'd'.repeat(900_000) }) },
        [200, 507],
      );
      const request = `GET ${path} HTTP/1.1\r\n${HEAD}Authorization: Bearer ${foe.tokens.free}\r\n\r\n`;
      await Promise.all(Array.from({ length: 5 }, () => foe.raw(this.kind, request, { hangUp: 1 + randomInt(20) })));
    },
  },
];
