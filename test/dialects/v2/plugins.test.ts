import { expect, test } from 'vitest';
import type { Hooks } from '../../../src/core/plugins/hooks.ts';
import { refuse } from '../../../src/plugin/index.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { valueUser } from './values-support.ts';

const MIB = 1_048_576;
const seen: { key: string; value: unknown; content_type?: string | undefined; ttl?: number | undefined }[] = [];
const happened: string[] = [];

const hooks: Hooks = {
  filter: {
    'entries.set': ({ key, value, content_type, ttl }) => {
      seen.push({ key, value, content_type, ttl });
      if (key === 'refused') refuse('not this one', { code: 'own_code' });
      if (key === 'upper') return { value: String(value).toUpperCase() };
      if (key === 'object') return { value: { wrapped: value } };
      if (key === 'moved') return { key: 'moved/here' };
      if (key === 'soon') return { ttl: 5 };
      if (key === 'typed') return { content_type: 'text/markdown' };
      if (key === 'bad') return { key: 'a//b' };
      if (key === 'bytes') return { value: new Uint8Array([1, 2]) };
      return undefined;
    },
    'entries.delete': ({ key }) => {
      if (key === 'kept') refuse('this one stays');
    },
  },
  action: {
    'entries.set': ({ key, size }) => void happened.push(`set ${key} ${size}`),
    'entries.deleted': ({ key }) => void happened.push(`deleted ${key}`),
  },
};

forEachEngine(
  'plugins and v2',
  engine => {
    const served = sharedServer(engine, { plugins: { own: hooks } });
    const TEXT = { 'Content-Type': 'text/plain' };
    const JSON_TYPE = { 'Content-Type': 'application/json' };

    test('see what is stored: texts, JSON, bytes, long ones too', async () => {
      const user = await valueUser(served);
      seen.length = 0;
      await user.put('t', 'text', TEXT, '?ttl=60');
      const json = '{"n":123456789012345678901}';
      await user.put('j', json, JSON_TYPE);
      await user.put('b', Buffer.from([1, 2]));
      const long = Buffer.alloc(MIB + 1, 7);
      await user.put('l', long);
      expect(seen.map(({ key, content_type, ttl }) => [key, content_type, ttl])).toEqual([
        ['t', 'text/plain', 60],
        ['j', 'application/json', undefined],
        ['b', 'application/octet-stream', undefined],
        ['l', 'application/octet-stream', undefined],
      ]);
      expect([seen[0]?.value, seen[1]?.value]).toEqual(['text', { n: 123456789012345680000 }]);
      expect(Buffer.from(seen[2]?.value as Uint8Array)).toEqual(Buffer.from([1, 2]));
      expect(Buffer.compare(Buffer.from(seen[3]?.value as Uint8Array), long)).toBe(0);
      // What they leave as it is stays the same bytes.
      expect((await user.get('j')).text).toBe(json);
      expect((await user.get('l')).bytes.equals(long)).toBe(true);
      await served.server.core.background.idle();
      expect(happened).toEqual(expect.arrayContaining(['set t 4', `set j ${json.length}`, `set l ${MIB + 1}`]));
    });

    test('change what is stored, within what a client may send', async () => {
      const user = await valueUser(served);
      await user.put('upper', 'abc', TEXT);
      await user.put('object', 'abc', TEXT);
      await user.put('moved', 'abc', TEXT);
      await user.put('soon', 'abc', TEXT);
      await user.put('typed', 'abc', TEXT);
      await user.put('bytes', 'abc', TEXT);
      const shown = async (key: string) => {
        const { text, headers } = await user.get(key);
        return [text, headers.get('content-type')];
      };
      expect(await shown('upper')).toEqual(['ABC', 'text/plain']);
      expect(await shown('object')).toEqual(['{"wrapped":"abc"}', 'application/json']);
      expect([(await user.get('moved')).status, (await user.get('moved/here')).text]).toEqual([404, 'abc']);
      expect((await user.info('soon')).json.expires_at).toBe(new Date(served.opened.clock.now() + 5000).toISOString());
      expect(await shown('typed')).toEqual(['abc', 'text/markdown']);
      expect((await user.get('bytes')).bytes).toEqual(Buffer.from([1, 2]));
      const bad = await user.put('bad', 'x');
      expect([bad.status, bad.json.code]).toEqual([500, 'plugin_failed']);
    });

    test('refuse, and nothing is stored', async () => {
      const user = await valueUser(served);
      for (const answer of [await user.put('refused', 'x'), await user.incr('refused')]) {
        expect([answer.status, answer.json.code, answer.json.error]).toEqual([422, 'own_code', 'not this one']);
      }
      expect((await user.get('refused')).status).toBe(404);
      await user.put('kept', 'x');
      expect((await user.del('kept')).status).toBe(422);
      expect((await user.get('kept')).text).toBe('x');
    });

    test('see what is counted and touched', async () => {
      const user = await valueUser(served);
      await user.put('k', '"x"', { ...JSON_TYPE, 'Keybin-Meta-A': 'b' });
      seen.length = 0;
      const counted = await Promise.all(Array.from({ length: 20 }, () => user.incr('n')));
      expect(counted.map(({ json }) => json.value).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      expect(seen.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      const touched = await user.touch('k', { ttl: 60 });
      expect(touched.json).toMatchObject({ content_type: 'application/json', meta: { a: 'b' }, size: 3 });
      expect(seen.at(-1)).toEqual({ key: 'k', value: 'x', content_type: 'application/json', ttl: 60 });
      expect((await user.get('k')).text).toBe('"x"');
      expect((await user.touch('k', { ttl: 60 }, { 'If-Match': '"stale"' })).status).toBe(412);
      expect((await user.touch('none', { ttl: 60 })).status).toBe(404);
    });

    test('are asked once for a request that comes again', async () => {
      const user = await valueUser(served);
      seen.length = 0;
      for (let i = 0; i < 3; i++) await user.put('k', 'x', { 'Idempotency-Key': 'a' });
      for (let i = 0; i < 3; i++) await user.incr('n', {}, { 'Idempotency-Key': 'a' });
      expect(seen.length).toBe(2);
    });
  },
  ['embedded'],
);
