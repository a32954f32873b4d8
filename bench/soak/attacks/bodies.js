/** Attacks by what is sent: bodies that are dear to decode, to parse, to judge or to keep. */

import { randomBytes, randomInt } from 'node:crypto';
import zlib from 'node:zlib';
import { ACCOUNT_BYTES, knows } from '../server.js';
import { pick } from './pick.js';

/** @param {number} n */
const nested = n => Buffer.from(`{"login":${'['.repeat(n)}${']'.repeat(n)}}`);
/** @param {number} n */
const wide = n => Buffer.from(`{"punches":[${'{},'.repeat(n)}{}]}`);

/** @typedef {{ path: string, headers: Record<string, string>, body: Buffer }} Bomb */

/** Made once, in the first use: they cost the attacker time as well. */
const bombs = lazily(
  () =>
    /** @type {Bomb[]} */ ([
      { path: '/api/client/pair', headers: { 'Content-Encoding': 'gzip' }, body: zlib.gzipSync(nested(1_000_000)) },
      { path: '/api/client/pair', headers: {}, body: nested(1_000_000) },
      { path: '/token', headers: {}, body: nested(8000) },
      {
        path: '/api/v1/auth/confirm',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: Buffer.from('a=b&'.repeat(500_000)),
      },
    ]),
);
const freeBombs = lazily(
  () =>
    /** @type {Bomb[]} */ ([
      { path: '/api/v1/punches/upload', headers: {}, body: nested(4_000_000) },
      { path: '/api/v1/punches/upload', headers: {}, body: wide(4_000_000) },
      {
        path: '/api/v1/punches/upload',
        headers: { 'Content-Encoding': 'gzip' },
        body: zlib.gzipSync(nested(8_000_000)),
      },
      { path: '/api/v1/punches/upload', headers: { 'Content-Encoding': 'gzip' }, body: zlib.gzipSync(wide(5_000_000)) },
      {
        path: '/user/me/store/bomb',
        headers: {},
        body: Buffer.from(`{"value":${'['.repeat(400_000)}${']'.repeat(400_000)}}`),
      },
    ]),
);
const inflated = lazily(() => {
  const zeros = Buffer.alloc(64 * 1_048_576);
  return [
    { coding: 'br', body: zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }) },
    { coding: 'gzip', body: zlib.gzipSync(zeros) },
    { coding: 'deflate', body: zlib.deflateSync(zeros) },
    { coding: 'br', body: randomBytes(200_000) },
    { coding: 'gzip', body: Buffer.concat([zlib.gzipSync('{"username":"x"}'), randomBytes(100_000)]) },
    { coding: 'gzip', body: zlib.gzipSync(zeros).subarray(0, 5000) },
  ];
});
const offers = lazily(() =>
  [99_000, 400_000].map(
    n => `{"files":[${Array.from({ length: n }, (_, i) => `{"path":"${i.toString(36)}"}`).join()}]}`,
  ),
);
const CODED = [
  '/token',
  '/register',
  '/api/client/pair',
  '/api/v1/auth/token',
  '/v1/sync',
  '/api/v1/punches/upload',
  '/api/v1/events',
  '/api/v1/sync/push',
];
const REFUSED = [400, 401, 403, 413, 415];

/** @type {import('./passwords.js').Attack[]} */
export const bodyAttacks = [
  {
    kind: 'JSON bombs of strangers',
    pause: 3000,
    run(foe) {
      const bomb = pick(bombs());
      return foe.send(this.kind, { method: 'POST', ...bomb }, REFUSED);
    },
  },
  {
    kind: 'JSON bombs of free accounts',
    pause: 5000,
    run(foe) {
      const bomb = pick(freeBombs());
      return foe.send(this.kind, { method: 'POST', ...bomb, headers: { ...bomb.headers, ...foe.free } }, REFUSED);
    },
  },
  {
    kind: 'coded bodies, over-long or garbage',
    pause: 1500,
    run(foe) {
      const { coding, body } = pick(inflated());
      const headers = { 'Content-Encoding': coding, ...(randomInt(2) === 0 && foe.free) };
      return foe.send(this.kind, { method: 'POST', path: pick(CODED), headers, body }, REFUSED);
    },
  },
  {
    kind: 'syncs of up to 400,000 unknown paths',
    pause: 10_000,
    run(foe) {
      return foe.send(
        this.kind,
        { method: 'POST', path: '/v1/sync', headers: foe.free, body: pick(offers()) },
        [200, 400, 413],
      );
    },
  },
  {
    kind: 'large pushes that the rules refuse',
    pause: 15_000,
    run(foe) {
      const timestamp = Math.floor(Date.now() / 1000);
      const events = Array.from({ length: 10_000 }, (_, i) => ({
        uuid: `${i}`,
        timestamp,
        itemUuid: i === 9999 ? 'forbidden' : 'note',
        action: 'edit',
        payload: '',
      }));
      const headers = { Authorization: `Bearer ${foe.tokens.member}` };
      return foe.send(
        this.kind,
        { method: 'POST', path: '/api/v1/events', headers, body: JSON.stringify(events) },
        [400, 403, 413],
      );
    },
  },
  {
    kind: 'values beyond the quota',
    pause: 30_000,
    async run(foe) {
      if (!knows('[LIMITS] account_bytes')) return;
      const body = JSON.stringify({ value: 'q'.repeat(1_000_000) });
      const most = Math.ceil(ACCOUNT_BYTES / 1_000_000) + 8;
      for (let i = 0; i < most; i++) {
        const answer = await foe.send(
          this.kind,
          { method: 'POST', path: `/user/me/store/q${i}`, headers: foe.free, body },
          [200, 507],
        );
        if (answer?.status === 507) break;
      }
      for (let i = 0; i < most; i++) {
        await foe.send(this.kind, { method: 'DELETE', path: `/user/me/store/q${i}`, headers: foe.free }, [200, 404]);
      }
    },
  },
];

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function lazily(make) {
  /** @type {T | undefined} */
  let made;
  return () => {
    made ??= make();
    return made;
  };
}
