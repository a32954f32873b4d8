import { expect, test } from 'vitest';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { newConfig } from './open-dotsync.ts';

forEachEngine('GET /v1/file/{name}', engine => {
  const dotsync = sharedServer(engine);

  /** An account with these configs; finds by index. */
  async function finder(configs: readonly (readonly string[])[]) {
    const { headers } = await newUser(dotsync.server);
    const ids: string[] = [];
    for (const files of configs) ids.push(await newConfig(dotsync.server, headers, files));
    const find = async (name: string) => {
      const answer = await rawRequest(dotsync.server.url, { path: `/v1/file/${name}`, headers });
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
      return answer.json.map((id: string) => ids.indexOf(id));
    };
    return { headers, ids, find };
  }

  test('finds by the last segment what tracks the file, oldest first, each config once', async () => {
    const { find } = await finder([
      ['~/.vimrc'],
      ['~/.zshrc'],
      ['/etc/skel/.vimrc', '~/.vimrc', '~/x/.vimrc'],
      ['~/.vimrc/x', '~/a.vimrc', '~/.vimrc2'],
    ]);
    expect(await find('.vimrc')).toEqual([0, 2]);
    expect(await find('.zshrc')).toEqual([1]);
    expect(await find('x')).toEqual([3]);
    expect(await find('vimrc')).toEqual([]);
    expect(await find('skel')).toEqual([]);
  });

  test('finds by the whole path when there is a slash in it', async () => {
    const { find } = await finder([['~/.vimrc'], ['/etc/skel/.vimrc'], ['~/x/.vimrc']]);
    expect(await find('~%2F.vimrc')).toEqual([0]);
    expect(await find('~%2f.vimrc')).toEqual([0]);
    expect(await find('%2Fetc%2Fskel%2F.vimrc')).toEqual([1]);
    expect(await find('skel%2F.vimrc')).toEqual([]);
    expect(await find('%2F.vimrc')).toEqual([]);
    expect(await find('x%2F.vimrc')).toEqual([]);
  });

  test('takes quotes and backslashes for what they are', async () => {
    const { find } = await finder([['/a"~/x'], ['~/q"'], ['~/b\\'], ['~/b\\"c'], ['~/x']]);
    expect(await find('~%2Fx')).toEqual([4]);
    expect(await find('x')).toEqual([0, 4]);
    expect(await find('q%22')).toEqual([1]);
    expect(await find('q')).toEqual([]);
    expect(await find('b%5C')).toEqual([2]);
    expect(await find('b%5C%22c')).toEqual([3]);
    expect(await find('%2Fa%22~%2Fx')).toEqual([0]);
  });

  test('minds letter case and knows no wildcards or patterns', async () => {
    const { find } = await finder([['~/.vimrc', '~/a+b', '~/%41', '~/é', '~/e\u0301', '~/[x]', '~/日 本']]);
    for (const name of [
      '.VIMRC',
      '.vim*',
      '.vim.c',
      '%2A',
      '.*',
      '%5E.vimrc$',
      '.vim%25',
      '%5Bv%5Dimrc',
      'a%20b',
      'x',
    ]) {
      expect([name, await find(name)]).toEqual([name, []]);
    }
    for (const name of ['.vimrc', 'a+b', 'a%2Bb', '%2541', '%C3%A9', 'e%CC%81', '%5Bx%5D', '%E6%97%A5%20%E6%9C%AC']) {
      expect([name, await find(name)]).toEqual([name, [0]]);
    }
  });

  test.each(['%00', '%0A', '.', '..', '%2F', '%2E%2E', '__proto__', '%7B%22$ne%22:1%7D', 'x'.repeat(4000)])(
    'finds nothing under %s',
    async name => {
      const { find } = await finder([['~/.vimrc']]);
      expect(await find(name)).toEqual([]);
    },
  );

  test('looks at the account’s own configs only, and at their present files', async () => {
    const { find, headers, ids } = await finder([['~/a'], ['~/b']]);
    await finder([['~/a', '~/b']]);
    await dotsync.server.request('PUT', `/v1/config/${ids[0]}`, { files: ['~/b'] }, headers);
    expect(await find('a')).toEqual([]);
    expect(await find('b')).toEqual([0, 1]);
    await dotsync.server.request('DELETE', `/v1/config/${ids[1]}`, undefined, headers);
    expect(await find('b')).toEqual([0]);
  });

  test('finds among more configs than are read at once, also where whole pages do not fit', async () => {
    const configs = Array.from({ length: 90 }, (_, i) => (i % 45 === 44 ? ['~/rare', '~/a'] : ['~/a']));
    const { find } = await finder(configs);
    expect(await find('rare')).toEqual([44, 89]);
    expect(await find('a')).toEqual(configs.map((_, i) => i));
  });

  test.each(['%', '%f', '%zz', '%ff', '%C3', '%C3%28', 'a%ED%A0%80'])('refuses the name %s with 400', async name => {
    const { headers } = await newUser(dotsync.server);
    const answer = await rawRequest(dotsync.server.url, { path: `/v1/file/${name}`, headers });
    expect([answer.status, answer.json]).toEqual([400, { error: expect.any(String), code: 'path_invalid' }]);
  });

  test('has a name of one segment', async () => {
    const { headers } = await newUser(dotsync.server);
    for (const path of ['/v1/file', '/v1/file/', '/v1/file/a/b', '/v1/file/a/']) {
      const answer = await rawRequest(dotsync.server.url, { path, headers });
      expect([path, answer.status, answer.json.code]).toEqual([path, 404, 'not_found']);
    }
  });
});
