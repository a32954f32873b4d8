import { expect, test } from 'vitest';
import { resumeErasures } from '../../../src/core/accounts/erase.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { apiOf, leftOf, newApi, punchOf } from './open-punch.ts';

forEachEngine('punches of an account', engine => {
  const punch = sharedServer(engine, { options: { SECURITY_THROTTLE: 'false' } });

  test('are seen by no other, also under the same ids', async () => {
    const [ann, bob] = [await newApi(punch.server), await newApi(punch.server)];
    const hers = punchOf({ project: 'hers' });
    const his = { ...hers, project: 'his', updated: 1 };
    await ann.upload(hers);
    expect([await bob.manifest('?deleted=1'), await bob.download(hers.id)]).toEqual([{}, []]);
    await bob.upload(his);
    expect([await ann.download(hers.id), await bob.download(hers.id)]).toEqual([[hers], [his]]);
    expect([await ann.manifest(), await bob.manifest()]).toEqual([{ [hers.id]: 3_000 }, { [hers.id]: 1 }]);
  });

  test('are not deleted by another, nor are its deletions theirs', async () => {
    const [ann, bob] = [await newApi(punch.server), await newApi(punch.server)];
    const [both, hers] = [punchOf(), punchOf()];
    await ann.upload(both, hers);
    await bob.upload(both);
    await bob.remove(both.id, hers.id);
    expect(await ann.download(both.id, hers.id)).toEqual([both, hers]);
    expect(await bob.manifest('?deleted=1')).toEqual({ [both.id]: null });
    await ann.upload({ ...both, updated: both.updated + 1 });
    expect(await ann.manifest('?deleted=1')).toEqual({ [both.id]: both.updated + 1, [hers.id]: hers.updated });
  });

  test('are the same for all its tokens', async () => {
    const { server } = punch;
    const { account, headers } = await newUser(server);
    const login = { username: account.username, password: 'right', client_id: 'phone' };
    const { token } = (await server.request('POST', '/token', login)).json.token;
    const [laptop, phone] = [apiOf(server, headers), apiOf(server, { Authorization: `Bearer ${token}` })];
    const one = punchOf();
    await laptop.upload(one);
    expect(await phone.download(one.id)).toEqual([one]);
    await phone.remove(one.id);
    expect(await laptop.manifest('?deleted=1')).toEqual({ [one.id]: null });
  });

  test('go with the account, tombstones too, and the next one of the name starts empty', async () => {
    const { server } = punch;
    const { account, headers } = await newUser(server);
    const api = apiOf(server, headers);
    const [live, dead] = [punchOf(), punchOf()];
    await api.upload(live, dead);
    await api.remove(dead.id);
    expect(await leftOf(punch, account.user_id)).toBe(2);
    const login = { username: account.username, password: 'right' };
    expect((await server.request('DELETE', '/unregister', login)).status).toBe(200);
    expect(await leftOf(punch, account.user_id)).toBe(0);
    expect((await api.send('GET', 'manifest')).status).toBe(401);

    const next = await newUser(server, { username: account.username as string });
    const theirs = apiOf(server, next.headers);
    expect(await theirs.manifest('?deleted=1')).toEqual({});
    await theirs.upload({ ...dead, updated: 0 });
    expect(await theirs.manifest()).toEqual({ [dead.id]: 0 });
  });

  test('that were uploaded while it was ended are gone in the end', async () => {
    const { server } = punch;
    for (let round = 0; round < 5; round++) {
      const { account, headers } = await newUser(server);
      const api = apiOf(server, headers);
      const login = { username: account.username, password: 'right' };
      const uploads = Array.from({ length: 6 }, () => api.send('POST', 'upload', { punches: [punchOf(), punchOf()] }));
      const [ended, ...answers] = await Promise.all([server.request('DELETE', '/unregister', login), ...uploads]);
      expect(ended.status).toBe(200);
      for (const { status } of answers) expect([204, 401]).toContain(status);
      server.clock.advance(61_000);
      await resumeErasures(server.core);
      expect(await leftOf(punch, account.user_id)).toBe(0);
    }
  });
});
