import { expect, test } from 'vitest';
import { tombstonesSpec } from '../../../src/core/collections.ts';
import { removeAll } from '../../../src/core/entries/change/remove.ts';
import { refuse } from '../../../src/plugin/index.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { fill, newFilled, numbered } from './filled.ts';
import { scopedHeaders } from './scoped.ts';

forEachEngine('deleting all keys that begin with the same', engine => {
  const served = sharedServer(engine);
  const many = engine.name === 'embedded' ? 1234 : 250;
  const keysOf = (json: { keys: { key: string }[] }) => json.keys.map(({ key }) => key);

  test('deletes those and no others, however many, and says how many they were', async () => {
    const { server } = served;
    const { headers, get } = await newFilled(server, ['a', ...numbered(many, 'b/'), 'b', 'b0', 'c']);
    const answer = await server.request('DELETE', '/v2/kv?prefix=b/', undefined, headers);
    expect([answer.status, answer.json]).toEqual([200, { deleted: many }]);
    expect(keysOf((await get('/v2/kv')).json)).toEqual(['a', 'b', 'b0', 'c']);
    expect((await server.request('DELETE', '/v2/kv?prefix=b/', undefined, headers)).json).toEqual({ deleted: 0 });
    expect((await get('/v2/limits')).json).toMatchObject({ keys: 4 });
  });

  test('leaves a mark of each for those who follow, where there is a history', async () => {
    const { server } = served;
    const { headers, accountId } = await newFilled(server, ['a', 'b']);
    await server.request('DELETE', '/v2/kv?prefix=*', undefined, headers);
    const marks = await server.core.storage.collection(tombstonesSpec).scan({ prefix: [accountId], limit: 9 });
    const expected = server.core.storage.atomicCommit ? ['a', 'b'] : [];
    expect(marks.items.map(({ key }) => key)).toEqual(expected);
  });

  test('takes * for all keys, and neither nothing nor what no key begins with', async () => {
    const { server } = served;
    const { headers, get } = await newFilled(server, ['a', 'b/c']);
    for (const query of ['', '?prefix=', '?prefix=%20', '?prefix=a*', '?prefix=a&prefix=b', '?prefix=a&limit=1']) {
      const { status, json } = await server.request('DELETE', `/v2/kv${query}`, undefined, headers);
      expect([query, status, json.code]).toEqual([
        query,
        400,
        query.includes('limit') ? 'field_unknown' : 'prefix_invalid',
      ]);
    }
    expect(keysOf((await get('/v2/kv')).json)).toEqual(['a', 'b/c']);
    expect((await server.request('DELETE', '/v2/kv?prefix=*', undefined, headers)).json).toEqual({ deleted: 2 });
    expect(keysOf((await get('/v2/kv')).json)).toEqual([]);
  });

  test('wider than the scope is 403, and then nothing is deleted', async () => {
    const { server } = served;
    const { accountId, get } = await newFilled(server, ['a/1', 'a/2', 'b']);
    const headers = await scopedHeaders(server, accountId, ['kv:r', 'kv:w:a/']);
    for (const [prefix, scope] of [
      ['*', 'kv:w'],
      ['a', 'kv:w:a'],
      ['b', 'kv:w:b'],
    ]) {
      const { status, json } = await server.request('DELETE', `/v2/kv?prefix=${prefix}`, undefined, headers);
      expect([status, json.code, json.details]).toEqual([403, 'scope_insufficient', { scope }]);
    }
    expect(keysOf((await get('/v2/kv')).json)).toHaveLength(3);
    expect((await server.request('DELETE', '/v2/kv?prefix=a/1', undefined, headers)).json).toEqual({ deleted: 1 });
    expect((await server.request('DELETE', '/v2/kv?prefix=a/', undefined, headers)).json).toEqual({ deleted: 1 });
  });

  test('takes long values with it, and those of the original service', async () => {
    const { server } = served;
    const { headers, accountId } = await newFilled(server);
    await server.request('PUT', '/v2/kv/a', 'x'.repeat(1_100_000), headers);
    await fill(server, accountId, ['b'], () => ({ etag: undefined, size: undefined, updated_at: undefined }));
    expect((await server.request('DELETE', '/v2/kv?prefix=*', undefined, headers)).json).toEqual({ deleted: 2 });
    expect((await server.request('GET', '/v2/kv/a', undefined, headers)).status).toBe(404);
  });

  test('deletes also what is written all the while, once, or leaves it', async () => {
    const { server } = served;
    const keys = numbered(many, 'k');
    const { headers, get } = await newFilled(server, keys);
    const writes = keys
      .filter((_, i) => i % 50 === 0)
      .map(key => server.request('PUT', `/v2/kv/${key}`, 'new', headers).then(({ status }) => status));
    const deleting = server.request('DELETE', '/v2/kv?prefix=k', undefined, headers);
    expect((await Promise.all(writes)).every(status => status === 201 || status === 204)).toBe(true);
    expect((await deleting).status).toBe(200);
    expect((await get('/v2/kv?limit=1000')).json.keys.length).toBeLessThanOrEqual(writes.length);
  });

  test('that ended half way is done with by doing it again', async () => {
    const { server } = served;
    const { headers, accountId, get } = await newFilled(server, ['a', ...numbered(many, 'b/')]);
    let asked = 0;
    const hungUp = removeAll(server.core, accountId, 'b/', () => asked++ > 0);
    await expect(hungUp).rejects.toMatchObject({ status: 503 });
    const left = (await get('/v2/limits')).json.keys - 1;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(many);
    expect((await server.request('DELETE', '/v2/kv?prefix=b/', undefined, headers)).json).toEqual({ deleted: left });
    expect(keysOf((await get('/v2/kv')).json)).toEqual(['a']);
  });

  test('by several at once deletes everything, and each key for one of them', async () => {
    const { server } = served;
    const { headers } = await newFilled(server, numbered(many, 'k'));
    const answers = await Promise.all(
      [1, 2, 3].map(() => server.request('DELETE', '/v2/kv?prefix=k', undefined, headers)),
    );
    expect(answers.map(({ json }) => json.deleted).sort()).toEqual([0, 0, many]);
  });

  test('asks filters of plugins for each key and tells actions of each; a refusal ends it', async () => {
    const deleted: string[] = [];
    const { server } = await openServer(engine, {
      plugins: {
        guard: {
          filter: {
            'entries.delete': ({ key }) => {
              if (key === 'c') refuse('c stays', { code: 'c_stays' });
            },
          },
          action: { 'entries.deleted': ({ key }) => void deleted.push(key) },
        },
      },
    });
    const { headers, get } = await newFilled(server, ['a', 'b', 'c', 'd']);
    const answer = await server.request('DELETE', '/v2/kv?prefix=*', undefined, headers);
    expect([answer.status, answer.json.code]).toEqual([422, 'c_stays']);
    expect(keysOf((await get('/v2/kv')).json)).toEqual(['c', 'd']);
    expect((await server.request('DELETE', '/v2/kv?prefix=d', undefined, headers)).json).toEqual({ deleted: 1 });
    await server.core.background.idle();
    expect(deleted).toEqual(['a', 'b', 'd']);
  });
});
