import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, sharedServer } from '../../support/served.ts';
import { contentsOf, type Headers, has, newConfig, store, stored, sync } from './open-dotsync.ts';

forEachEngine('unregistering', engine => {
  const dotsync = sharedServer(engine, { options: { SECURITY_THROTTLE: 'false' } });
  let names = 0;

  /** An account as Keybin makes it, with a config and a stored file. */
  async function newAccount(username = `dotsync-${++names}`) {
    const login = { username, password: 'right' };
    expect((await dotsync.server.request('POST', '/register', login)).status).toBe(200);
    const { token } = (await dotsync.server.request('POST', '/token', login)).json.token;
    const headers: Headers = { Authorization: `Bearer ${token}` };
    const id = await newConfig(dotsync.server, headers, ['~/a', '~/b']);
    await store(dotsync.server, headers, id, { '~/a': `of ${username}` });
    return { login, headers, id };
  }

  test('ends configs and contents of the account, and of no other', async () => {
    const bystander = await newAccount();
    const before = [await stored(dotsync, 'dotsync_configs'), await stored(dotsync, 'dotsync_files')];
    const { login, headers, id } = await newAccount();
    expect((await dotsync.server.request('DELETE', '/unregister', login)).status).toBe(200);
    expect([await stored(dotsync, 'dotsync_configs'), await stored(dotsync, 'dotsync_files')]).toEqual(before);
    for (const path of ['/v1/sync', `/v1/sync/${id}`]) {
      expect((await dotsync.server.request('POST', path, undefined, headers)).status).toBe(401);
    }
    expect(await contentsOf(dotsync.server, bystander.headers, bystander.id)).toEqual({
      '~/a': `of ${bystander.login.username}`,
    });
  });

  test('leaves nothing to the next account of the name', async () => {
    const first = await newAccount();
    expect((await dotsync.server.request('DELETE', '/unregister', first.login)).status).toBe(200);
    const second = await newAccount(first.login.username);
    const { json } = await dotsync.server.request('GET', '/v1/config', undefined, second.headers);
    expect(json.map(({ id }: { id: string }) => id)).toEqual([second.id]);
    const answer = await dotsync.server.request('GET', `/v1/config/${first.id}`, undefined, second.headers);
    expect(answer.status).toBe(404);
    expect((await sync(dotsync.server, second.headers)).last.files).toBe(2);
  });

  test('ends what is switched off as well', async () => {
    const { login } = await newAccount();
    const before = await stored(dotsync, 'dotsync_files');
    const off = await anotherServer(dotsync, { options: { DOTSYNC_ENABLED: 'false' } });
    expect((await off.request('GET', '/v1/config')).status).toBe(404);
    expect((await off.request('DELETE', '/unregister', login)).status).toBe(200);
    expect(await stored(dotsync, 'dotsync_files')).toBe(before - 1);
  });

  test('at the moment of a sync leaves nothing behind', async () => {
    const { login, headers, id } = await newAccount();
    const before = await stored(dotsync, 'dotsync_files');
    const files = ['~/a', '~/b'].map(path => has(path, 'late'));
    const [ended, synced] = await Promise.all([
      dotsync.server.request('DELETE', '/unregister', login),
      dotsync.server.request('POST', `/v1/sync/${id}`, { files }, headers),
    ]);
    expect(ended.status).toBe(200);
    expect([200, 401, 404]).toContain(synced.status);
    expect(await stored(dotsync, 'dotsync_files')).toBe(before - 1);
  });
});
