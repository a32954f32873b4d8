import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { newUser, sharedUser } from './open-keybin.ts';

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, '0')}`);

/** All pages of a listing, one after the other; `between` runs before each further page. */
async function pages(
  server: TestServer,
  path: string,
  query: string,
  between: (page: number) => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const result: string[][] = [];
  let cursor = '';
  do {
    const answer = await server.request('GET', `${path}/keys?${query}${cursor}`);
    if (answer.status !== 200) throw new Error(answer.text);
    result.push(answer.json.keys);
    if (answer.json.cursor === undefined) return result;
    cursor = `&cursor=${encodeURIComponent(answer.json.cursor)}`;
    await between(result.length);
  } while (result.length < 1000);
  throw new Error('the pages do not end');
}

forEachEngine('pages of keys', engine => {
  const keybin = sharedServer(engine);
  const nobody = sharedUser(keybin);

  async function userWith(keys: readonly string[]) {
    const user = await newUser(keybin.server);
    await write(user.path, keys);
    return user;
  }
  const write = (path: string, keys: readonly string[]) =>
    Promise.all(keys.map(key => keybin.server.request('POST', `${path}/store/${key}`, { value: key })));
  const remove = (path: string, keys: readonly string[]) =>
    Promise.all(keys.map(key => keybin.server.request('DELETE', `${path}/store/${key}`)));

  test('are together all keys in order, whatever their size', async () => {
    const keys = names('k', 12);
    const { path } = await userWith(keys);
    for (const limit of [1, 3, 4, 7, 11, 12, 13, 1000]) {
      const listed = await pages(keybin.server, path, `limit=${limit}`);
      expect(listed.flat()).toEqual(keys);
      expect(listed).toHaveLength(Math.ceil(12 / limit));
    }
  });

  test('have a cursor only while there is more', async () => {
    const { path } = await userWith(['a', 'b', 'c']);
    expect((await keybin.server.request('GET', `${path}/keys?limit=2`)).json).toEqual({
      keys: ['a', 'b'],
      cursor: expect.any(String),
    });
    expect((await keybin.server.request('GET', `${path}/keys?limit=3`)).text).toBe('{"keys":["a","b","c"]}');
  });

  test('keep to the prefix', async () => {
    const { path } = await userWith([...names('a', 5), ...names('b', 5), ...names('c', 5)]);
    expect(await pages(keybin.server, path, 'limit=2&prefix=b')).toEqual([
      ['b000', 'b001'],
      ['b002', 'b003'],
      ['b004'],
    ]);
  });

  test('may change their size, and a cursor without limit gives all the rest', async () => {
    const keys = names('k', 9);
    const { path } = await userWith(keys);
    const { cursor } = (await keybin.server.request('GET', `${path}/keys?limit=3`)).json;
    const rest = await keybin.server.request('GET', `${path}/keys?cursor=${cursor}`);
    expect(rest.json).toEqual({ keys: keys.slice(3) });
    const two = await keybin.server.request('GET', `${path}/keys?limit=2&cursor=${cursor}`);
    expect(two.json).toEqual({ keys: keys.slice(3, 5), cursor: expect.any(String) });
    expect((await keybin.server.request('GET', `${path}/keys?limit=2&cursor=${cursor}`)).text).toBe(two.text);
  });

  test('neither skip nor repeat a key that is there throughout, whatever is written and deleted meanwhile', async () => {
    const kept = names('k', 30);
    const { path } = await userWith(kept);
    const listed = await pages(keybin.server, path, 'limit=3', async page => {
      const before = names(`k0${page % 4}`, 3).map(key => `${key}_`);
      await Promise.all([write(path, before), write(path, [`a${page}`, `z${page}`])]);
      if (page > 1) await remove(path, [`a${page - 1}`, ...before.slice(0, 2)]);
    });
    const found = listed.flat();
    expect(found).toEqual([...new Set(found)].toSorted());
    expect(found.filter(key => kept.includes(key))).toEqual(kept);
  });

  test('go on behind a key that was deleted', async () => {
    const keys = names('k', 6);
    const { path } = await userWith(keys);
    const listed = await pages(keybin.server, path, 'limit=2', page => remove(path, keys.slice(0, 2 * page)));
    expect(listed.flat()).toEqual(keys);
  });

  test('go on with a renewed or another token of the account', async () => {
    const { path, login } = await userWith(names('k', 4));
    const { cursor } = (await keybin.server.request('GET', `${path}/keys?limit=2`)).json;
    const { token } = (await keybin.server.request('POST', '/token', login)).json.token;
    const answer = await keybin.server.request('GET', `/user/${token}/keys?limit=2&cursor=${cursor}`);
    expect(answer.json).toEqual({ keys: ['k002', 'k003'] });
  });

  test.each([
    '',
    'x',
    '!!',
    'null',
    Buffer.from('null').toString('base64url'),
    Buffer.from('[]').toString('base64url'),
    Buffer.from('{"$gt":""}').toString('base64url'),
    Buffer.from('["a"]').toString('base64url'),
    Buffer.from('["a","b","c","d"]').toString('base64url'),
    Buffer.from('["a",{"$gt":""}]').toString('base64url'),
    'A'.repeat(5000),
    '%00',
    'a&cursor=b',
  ])('are refused with 400 behind the cursor %j', async cursor => {
    for (const query of [`limit=2&cursor=${cursor}`, `cursor=${cursor}`]) {
      const answer = await keybin.server.request('GET', `${nobody.path}/keys?${query}`);
      expect([answer.status, answer.json.code]).toEqual([400, 'cursor_invalid']);
    }
  });

  test('of another account are not reached with its cursor', async () => {
    const ann = await userWith(names('k', 4));
    const bob = await userWith(['b', 'z']);
    const { cursor } = (await keybin.server.request('GET', `${ann.path}/keys?limit=2`)).json;
    const answer = await keybin.server.request('GET', `${bob.path}/keys?limit=2&cursor=${cursor}`);
    expect([answer.status, answer.json.code]).toEqual([400, 'cursor_invalid']);
  });

  test('of one prefix do not leave another with its cursor', async () => {
    const { path } = await userWith([...names('a', 3), ...names('b', 3), ...names('c', 3)]);
    const { cursor } = (await keybin.server.request('GET', `${path}/keys?limit=1&prefix=a`)).json;
    for (const prefix of ['b', 'c']) {
      const answer = await keybin.server.request('GET', `${path}/keys?prefix=${prefix}&cursor=${cursor}`);
      if (answer.status === 200) expect(answer.json).toEqual({ keys: names(prefix, 3) });
      else expect([answer.status, answer.json.code]).toEqual([400, 'cursor_invalid']);
    }
  });
});
