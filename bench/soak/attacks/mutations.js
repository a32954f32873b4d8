/** Requests over all routes, each altered at random. */

import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { bearer } from '../http.js';
import { pick } from './pick.js';

const AT_ONCE = 25;
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'];

/** @type {readonly (readonly [string, string, unknown?])[]} */
const ROUTES = [
  ['GET', '/'],
  ['GET', '/livez'],
  ['GET', '/readyz'],
  ['GET', '/api/v1/health'],
  ['POST', '/token', { username: 'nobody', password: 'x', client_id: null }],
  ['GET', '/user/me/keys?prefix=a&limit=3'],
  ['POST', '/user/me/store/mutant', { value: 'v' }],
  ['GET', '/user/me/store/mutant'],
  ['DELETE', '/user/me/store/mutant'],
  ['GET', '/user/me'],
  ['POST', '/user/me/renew'],
  ['GET', '/api/v1/punches/manifest?deleted=1'],
  [
    'POST',
    '/api/v1/punches/upload',
    { punches: [{ id: randomUUID(), project: 'p', in: 1, updated: 2, comments: [] }] },
  ],
  ['POST', '/api/v1/punches/download', { ids: [randomUUID()] }],
  ['POST', '/api/v1/punches/delete', { ids: [randomUUID()] }],
  ['POST', '/api/v1/sync/upload', { punches: [] }],
  ['GET', '/v1/config'],
  ['POST', '/v1/sync', { files: [{ path: '~/.x', content: 'eA==', base: null, mode: '0644' }] }],
  ['GET', '/v1/file/.vimrc'],
  ['PUT', `/v1/config/${randomUUID()}`, { git: { ssh: 'git@example.org:a/b.git' }, files: ['~/.x'] }],
  ['GET', '/api/v1/events?fromTimestamp=1'],
  ['GET', '/api/v1/acl'],
  ['POST', '/api/v1/admin/users', { uuid: 'x', username: 'xyz', password: 'x' }],
  [
    'POST',
    '/api/v1/sync/push',
    { ops: [{ op_id: 'o', entity_type: 'note', entity_id: 'e', op_type: 'u', payload_json: '{}' }] },
  ],
  ['POST', '/api/v1/sync/pull', { since_sequence: 0, page_limit: 5 }],
  ['GET', `/api/v1/blobs/${'a'.repeat(64)}`],
  ['GET', '/api/client/me'],
  ['GET', '/api/v1/auth/confirm?token=x'],
  ['POST', '/api/v1/auth/reset', { token: 'x', new_password: 'y' }],
  ['GET', '/api/v1/user/devices'],
  ['GET', '/admin/api/stats'],
];
/** Copied before use, since they may come to stand in each other. @type {readonly unknown[]} */
const ODD = [
  null,
  0,
  -1,
  1e308,
  '',
  '\u0000',
  '\ud800',
  '__proto__',
  [],
  {},
  { $gt: '' },
  true,
  'x'.repeat(5000),
  '2026-13-45',
];

/** @type {import('./passwords.js').Attack[]} */
export const mutationAttacks = [
  {
    kind: 'requests altered at random',
    pause: 200,
    async run(foe) {
      const client = foe.stranger(AT_ONCE);
      await Promise.all(
        Array.from({ length: AT_ONCE }, () => {
          foe.tally.attacked(this.kind);
          return client.send(mutated(foe)).catch(() => {}); // Bytes that Node's own client refuses are no attack.
        }),
      );
      client.close();
    },
  },
];

/**
 * @param {import('./foe.js').Foe} foe
 * @returns {import('../http.js').Request}
 */
function mutated({ tokens }) {
  const [method, path, body] = pick(ROUTES);
  const token = pick([tokens.free, tokens.device, tokens.member, randomUUID(), '']);
  /** @type {Record<string, string>} */
  const headers = { ...bearer(token) };
  if (randomInt(6) === 0)
    headers[pick(['Content-Encoding', 'Content-Type', 'Range', 'If-None-Match', 'Origin', 'Expect', 'X-Request-Id'])] =
      randomText();
  // An account that ends itself would end all other attacks of it.
  const target = randomInt(4) === 0 ? alteredText(path) : path;
  const verb = randomInt(6) === 0 && path !== '/user/me' ? pick(METHODS) : method;
  if (verb === 'GET' || verb === 'HEAD' || body === undefined) return { method: verb, path: target, headers };
  return { method: verb, path: target, headers, body: mutatedBody(body) };
}

/** @param {unknown} body */
function mutatedBody(body) {
  const text = JSON.stringify(body, (_, value) => (randomInt(8) === 0 ? structuredClone(pick(ODD)) : value));
  switch (randomInt(6)) {
    case 0:
      return text.slice(0, randomInt(text.length + 1));
    case 1:
      return alteredText(text);
    case 2:
      return Buffer.concat([Buffer.from(text), randomBytes(randomInt(40))]);
    default:
      return text;
  }
}

/** @param {string} text */
function alteredText(text) {
  const at = 1 + randomInt(text.length);
  return text.slice(0, at) + randomText() + text.slice(at + randomInt(3));
}

function randomText() {
  return pick([
    '%00',
    '%',
    '..',
    '/',
    '?',
    '&limit=',
    '"',
    '{',
    '%F0%9F',
    '🦊'.normalize(),
    '-1',
    '*',
    ',',
    '[]',
    '\\u0000',
    'gzip',
    'bytes=0-',
  ]);
}
