import { expect, test } from 'vitest';
import { resumeErasures } from '../../../src/core/accounts/erase.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer } from '../../support/served.ts';
import { historyOf, LOGIN_REFUSED, newEvent, newMember, pull, push, TOKEN_REFUSED } from './open-simple-sync.ts';

forEachEngine('unregistering', engine => {
  test('ends every token and leaves the history to the others', async () => {
    const { server } = await openServer(engine);
    const [ann, ben] = [await newMember(server, { uuid: 'ann' }), await newMember(server)];
    const events = [newEvent(server), newEvent(server)];
    await push(server, ann, [events[0]]);
    await push(server, ben, [events[1]]);
    const { username, password } = ann;
    expect((await server.request('DELETE', '/unregister', { username, password })).status).toBe(200);
    server.clock.advance(61_000);
    await resumeErasures(server.core);
    expect((await pull(server, ann)).json).toEqual(TOKEN_REFUSED);
    expect((await push(server, ann, [])).json).toEqual(TOKEN_REFUSED);
    const login = await server.request('POST', '/api/v1/auth/token', { username, password });
    expect([login.status, login.json]).toEqual([401, LOGIN_REFUSED]);
    expect(await historyOf(server, ben)).toEqual([
      { ...events[0], userUuid: 'ann' },
      { ...events[1], userUuid: ben.uuid },
    ]);
  });

  test('frees name and uuid for an account that is another', async () => {
    const { server } = await openServer(engine);
    const first = await newMember(server, { uuid: 'ann' });
    const event = newEvent(server);
    await push(server, first, [event]);
    const { username, password } = first;
    await server.request('DELETE', '/unregister', { username, password });
    const second = await newMember(server, { uuid: 'ann', username });
    expect((await pull(server, first)).json).toEqual(TOKEN_REFUSED);
    const again = { ...event, payload: 'changed' };
    expect((await push(server, second, [again])).json).toEqual([{ ...event, userUuid: 'ann' }]);
  });
});
