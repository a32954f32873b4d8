/** Requests as clients send them, of every family of routes, and the same altered at random from a seed. */

import { gzipSync } from 'node:zlib';

type Seed = readonly [method: string, path: string, body?: unknown];

const ID = '00000000-0000-4000-8000-000000000001';
const HASH = 'a'.repeat(64);
const OPERATION = { op_id: '1', entity_type: 'note', entity_id: 'a.md', op_type: 'update', payload_json: '{"a":1.0}' };
const EVENT = { uuid: 'e1', timestamp: 1_700_000_000, itemUuid: 'i', action: 'create', payload: 'milk' };

const SEEDS: readonly Seed[] = [
  ['POST', '/register', { username: 'ann', password: 'right' }],
  ['DELETE', '/unregister', { username: 'ann', password: 'wrong' }],
  ['POST', '/password', { username: 'ann', password: 'wrong', new_password: 'x' }],
  ['POST', '/token', { username: 'ann', password: 'right', client_id: null }],
  ['GET', '/user/me'],
  ['GET', `/user/${ID}/keys`],
  ['GET', '/user/me/keys?prefix=a&limit=10&cursor=abc'],
  ['GET', '/user/me/store/a'],
  ['POST', '/user/me/store/a', { value: { $gt: [1, 'a', null, 1e300] } }],
  ['DELETE', '/user/me/store/a'],
  ['POST', '/user/me/renew', {}],
  ['GET', '/api/v1/punches/manifest?deleted=1'],
  ['POST', '/api/v1/punches/upload', { punches: [{ id: ID, project: 'p', in: 1, out: 2, updated: 3, own: 1.5 }] }],
  ['POST', '/api/v1/punches/download', { ids: [ID, 'x'] }],
  ['POST', '/api/v1/punches/delete', { ids: [ID] }],
  ['POST', '/api/v1/sync/upload', { punches: [] }],
  ['POST', '/v1/config', { files: ['~/.vimrc', '/etc/x'], git: { ssh: 'git@host:me/dots.git', branch: 'main' } }],
  ['GET', '/v1/config'],
  ['PUT', `/v1/config/${ID}`, { files: [] }],
  ['DELETE', `/v1/config/${ID}`],
  ['GET', '/v1/file/%7E%2F.vimrc'],
  ['POST', '/v1/sync', { files: [{ path: '~/.vimrc', content: 'c2V0', mode: '0644', base: HASH }] }],
  ['POST', `/v1/sync/${ID}`, { files: [{ path: '~/.vimrc' }] }],
  ['POST', '/api/v1/auth/token', { username: 'root', password: 'wrong' }],
  ['GET', '/api/v1/events?fromTimestamp=1700000000'],
  ['POST', '/api/v1/events', [EVENT, { ...EVENT, uuid: 'e2', userUuid: 'x' }]],
  ['GET', '/api/v1/acl'],
  ['PUT', '/api/v1/acl', { rules: [{ user: '*', item: 'a*', action: 'create', allow: true }] }],
  ['POST', '/api/v1/admin/users', { uuid: 'u1', username: 'member', password: 'x' }],
  ['PUT', '/api/v1/admin/users/u1', { new_username: 'other', new_password: 'y' }],
  [
    'POST',
    '/api/client/pair',
    { login: 'ann', password: 'right', device_name: 'd', client_version: '', vault_id: 'v' },
  ],
  ['POST', '/api/auth/test', { username: 'ann', password: 'right' }],
  ['GET', '/api/client/me'],
  ['POST', '/api/client/revoke-device', { device_id: 'dev_1', password: 'right' }],
  ['POST', '/api/v1/device/register', { name: 'd', username: 'ann', password: 'right', vault_id: 'v' }],
  [
    'POST',
    '/api/v1/sync/push',
    { device_id: '', idempotency_key: 'k', ops: [OPERATION, { ...OPERATION, op_id: '2' }] },
  ],
  ['POST', '/api/v1/sync/pull', { since_sequence: 0, page_limit: 100 }],
  [
    'POST',
    '/api/v1/blobs/',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n',
  ],
  ['GET', `/api/v1/blobs/${HASH}`],
  ['POST', '/api/v1/auth/register', { username: 'bea', email: 'bea@example.org', password: 'password1' }],
  ['GET', `/api/v1/auth/confirm?token=${HASH}`],
  ['POST', '/api/v1/auth/confirm', `token=${HASH}&locale_csrf=${HASH}`],
  ['POST', '/api/v1/auth/login', { username: 'ann', password: 'right' }],
  ['POST', '/api/v1/auth/forgot', { email: 'bea@example.org' }],
  ['POST', '/api/v1/auth/reset', { token: HASH, new_password: 'password2' }],
  ['GET', '/api/v1/user/devices'],
  ['POST', '/api/v1/user/devices/dev_1/revoke', 'password=right&csrf_token=x'],
  ['POST', '/admin/login', 'username=root&password=wrong&locale_csrf=x'],
  ['GET', '/admin/api/users?filter=a&sort=username&order=asc&page=2&per_page=5'],
  ['POST', '/admin/api/users/create', { username: 'cy', email: 'cy@example.org', password: 'password1' }],
  ['GET', '/admin/api/stats'],
  ['GET', '/readyz'],
  ['GET', '/'],
];

/** How many families of routes are altered. */
export const FAMILIES = SEEDS.length;

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'];
const PIECES = [
  ...[
    '%00',
    '%',
    '%ff',
    '%2F',
    '..',
    '//',
    '?',
    '&',
    '=',
    '#',
    ' ',
    '\\',
    '\u0000',
    '\u00ff\u00fe',
    '\t',
    ':',
    '*',
    '__proto__',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    'null',
    'true',
    '-1',
    '0',
    '1e400',
    '9007199254740993',
    '1.0',
    '""',
    '{}',
    '[[[[',
    '\\ud800',
  ],
];
const VALUES = [
  null,
  0,
  -1,
  1.5,
  1e308,
  '',
  'x',
  '\u0000',
  '\ud800',
  '__proto__',
  [],
  {},
  { $gt: '' },
  true,
  'y'.repeat(2000),
  [[]],
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  [
    'Content-Type',
    ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', ';', 'text/plain'],
  ],
  ['Content-Encoding', ['gzip', 'br', 'deflate', 'GZIP, x', 'identity', '']],
  ['Accept', ['text/html', 'text/html;q=0.9, */*;q=0.1', '*/*', ';;']],
  ['Range', ['bytes=0-0', 'bytes=-5', 'bytes=9-1', 'bytes=99999999999999999999-', 'x']],
  ['If-None-Match', ['*', '"a"', 'W/"a", "b"', '"']],
  ['If-Match', ['*', '"a"', '']],
  ['Origin', ['null', 'https://evil.example', 'http://[::1', '\u00ff']],
  ['Sec-Fetch-Site', ['cross-site', 'none', 'x']],
  ['Cookie', ['user_session=x; csrf_token=y', ';;=;', 'admin_session=%']],
  ['X-API-Key', ['x', '']],
  ['X-Forwarded-For', ['1.2.3.4, ::1', ',,', 'x:y']],
  ['Authorization', ['Bearer', 'Bearer  x', 'Basic eDp5', 'Bearer a.b.c', 'Bearer eyJhbGciOiJub25lIn0.e30.']],
  ['Expect', ['100-continue', 'x']],
];

/** Makes altered requests, the same ones for the same seed. Each is the bytes of one whole request. */
export function mutator(seed: number): { next(credentials: readonly Record<string, string>[]): Buffer } {
  const random = numbersFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

  function alteredText(text: string): string {
    let altered = text;
    for (let times = 1 + below(3); times > 0; times--) {
      const at = below(altered.length + 1);
      altered = altered.slice(0, at) + pick(PIECES) + altered.slice(at + below(4));
    }
    return altered;
  }

  function bodyOf(body: unknown): Buffer {
    const text =
      typeof body === 'string'
        ? body
        : JSON.stringify(body, (_, value) => (below(6) === 0 ? structuredClone(pick(VALUES)) : value));
    const bytes = Buffer.from(below(3) === 0 ? alteredText(text) : text);
    switch (below(8)) {
      case 0:
        return bytes.subarray(0, below(bytes.length + 1));
      case 1:
        for (let times = 1 + below(8); times > 0 && bytes.length > 0; times--) bytes[below(bytes.length)] = below(256);
        return bytes;
      case 2:
        return gzipSync(bytes);
      default:
        return bytes;
    }
  }

  return {
    next(credentials) {
      const [method, path, body] = pick(SEEDS);
      const headers = new Map(Object.entries(pick(credentials)));
      for (let times = below(3); times > 0; times--) {
        const [name, values] = pick(HEADERS);
        headers.set(name, pick(values));
      }
      const bytes = body === undefined && below(8) > 0 ? undefined : bodyOf(body ?? {});
      if (bytes !== undefined) headers.set('Content-Length', String(bytes.length));
      const lines = [
        `${below(10) === 0 ? pick(METHODS) : method} ${below(3) === 0 ? alteredText(path) : path} HTTP/1.1`,
        'Host: localhost',
        'Connection: close',
        ...[...headers].map(([name, value]) => `${name}: ${value}`),
      ];
      return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes ?? Buffer.alloc(0)]);
    },
  };
}

/** Mulberry32: numbers from 0 to 1 that only look random. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
