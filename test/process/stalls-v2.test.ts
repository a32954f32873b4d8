import { expect } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { test } from '../support/process.ts';
import { WatchedServer } from './watched-server.ts';

const MEBIBYTE = 1_048_576;
const LONG = { timeout: 120_000 };

/**
 * Milliseconds of computing for which a client may have to wait: two or three slices and a collection of garbage. One commit of 16 MiB is
 * written in one go.
 */
const FEW = 120;
const COMMIT = 300;

// Slices are taken above the engines, and a standalone MongoDB has no batches.
forEachEngine(
  'with v2, nobody waits long while somebody',
  engine => {
    test('sends batches of very long values, or of very many', LONG, async ({ program, annotate }) => {
      const watched = await WatchedServer.start(program, engine, annotate);
      const ann = await watched.account('ann');
      const batch = (ops: string) => ({ method: 'POST', path: '/v2/batch', body: `{"ops":[${ops}]}` });
      const put = (value: string) => batch(`{"op":"put","key":"a",${value}}`);
      const escaped = put(`"value":"${'\\n'.repeat(7.5 * MEBIBYTE)}"`);
      expect(await watched.hold('one escaped text of 15 MiB', escaped, ann, FEW)).toBe(200);
      const quotes = put(`"value":"${'\\"'.repeat(7.5 * MEBIBYTE)}"`);
      expect(await watched.hold('one text of 15 MiB of quotes', quotes, ann, FEW)).toBe(200);
      const cyrillic = put(`"value":"${'\u0436'.repeat(7.5 * MEBIBYTE)}"`);
      expect(await watched.hold('one text of 15 MiB of other letters', cyrillic, ann, FEW)).toBe(200);
      const base64 = put(`"value_base64":"${'AAAA'.repeat(4 * MEBIBYTE - 100)}"`);
      expect(await watched.hold('16 MiB of base64', base64, ann, FEW)).toBe(200);
      const json = put(`"json":["${'\\"'.repeat(7.5 * MEBIBYTE)}"]`);
      expect(await watched.hold('15 MiB of JSON', json, ann, FEW)).toBe(200);
      const letters = put(`"json":["${'\u0436'.repeat(7.5 * MEBIBYTE)}"]`);
      expect(await watched.hold('15 MiB of JSON of other letters', letters, ann, FEW)).toBe(200);
      const numbers = put(`"json":[${'1,'.repeat(7 * MEBIBYTE)}1]`);
      expect(await watched.hold('7,000,000 values', numbers, ann, FEW)).toBe(400);
      const wrong = batch(`${'0,'.repeat(900_000)}0`);
      expect(await watched.hold('900,000 wrong operations', wrong, ann, FEW)).toBe(413);
      const many = Array.from({ length: 500 }, (_, i) => `{"op":"put","key":"k${i}","value":"${'x'.repeat(32_000)}"}`);
      expect(await watched.hold('500 values of 32 KB', batch(many.join()), ann, COMMIT)).toBe(200);
      expect(await watched.hold('the same again', batch(many.join()), ann, COMMIT)).toBe(200);
      const gets = Array.from({ length: 500 }, (_, i) => `{"op":"get","key":"k${i}"}`);
      expect(await watched.hold('the same given back', batch(gets.join()), ann, FEW)).toBe(200);
    });

    test('lists long values, or all tokens there can be', LONG, async ({ program, annotate }) => {
      const watched = await WatchedServer.start(program, engine, annotate);
      const ann = await watched.account('ann');
      const put = (key: string, body: string | Uint8Array) => ({ method: 'PUT', path: `/v2/kv/${key}`, body });
      expect(await watched.hold('16 MiB put', put('a.bytes', new Uint8Array(16 * MEBIBYTE).fill(10)), ann, FEW)).toBe(
        201,
      );
      const text = { ...ann, 'Content-Type': 'text/plain' };
      expect(await watched.hold('16 MiB of text put', put('a.text', '\n'.repeat(16 * MEBIBYTE)), text, FEW)).toBe(201);
      const json = { ...ann, 'Content-Type': 'application/json' };
      const list = `[${'1,'.repeat(8 * MEBIBYTE - 10)}1]`;
      expect(await watched.hold('16 MiB of JSON put', put('a.json', list), json, FEW)).toBe(201);
      const page = { method: 'GET', path: '/v2/kv?prefix=a&values=1' };
      expect(await watched.hold('a page with long values', page, ann, FEW)).toBe(200);
      const lines = { ...ann, Accept: 'application/x-ndjson' };
      expect(await watched.hold('all lines with long values', page, lines, FEW)).toBe(200);
      for (const key of ['text', 'json', 'bytes']) {
        const original = { method: 'GET', path: `/user/me/store/a.${key}` };
        expect([200, 413]).toContain(await watched.hold(`the original API's look at ${key}`, original, ann, FEW));
      }
      const { json: made } = await watched.server.request('POST', '/v2/tokens', { name: 'one' }, ann);
      expect(made.id).toMatch(/./);
      const isV2 = ({ slot }: { slot: string }) => slot.startsWith('v:');
      await watched.copy('tokens', 990, i => ({ slot: `v:${i}`, hash: `${i}`.padStart(64, '0') }), isV2);
      const all = { method: 'GET', path: '/v2/tokens?limit=1000' };
      const others = Array.from({ length: 49 }, () =>
        fetch(watched.server.url + all.path, { headers: ann }).then(answer => answer.arrayBuffer()),
      );
      expect(await watched.hold('50 lists of all tokens at once', all, ann, FEW)).toBe(200);
      await Promise.all(others);
    });
  },
  ['embedded'],
);
