import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer } from '../../support/served.ts';
import { has, linesOf, newConfig, store, sync, userWith } from './open-dotsync.ts';

const FULL = [507, 'quota_exceeded'];

forEachEngine('dotfiles of a full account', engine => {
  test('are refused, with their configs, until something was deleted', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '3' } });
    const { headers, id } = await userWith(server, ['~/.b', '~/.a']);
    await store(server, headers, id, { '~/.a': 'one' });
    const other = await newConfig(server, headers, []);
    const ask = async (method: string, path: string, body?: unknown) => {
      const { status, json } = await server.request(method, path, body, headers);
      return [status, json?.code];
    };
    const offer = { files: [has('~/.b', 'two')] };
    expect(await ask('POST', '/v1/config', { files: [] })).toEqual(FULL);
    expect(await ask('POST', `/v1/sync/${id}`, offer)).toEqual(FULL);
    expect(await ask('POST', '/v1/sync', offer)).toEqual(FULL);
    expect((await sync(server, headers, { id })).files.map(({ status }) => status)).toEqual(['missing', 'updated']);
    expect((await ask('DELETE', `/v1/config/${other}`))[0]).toBe(204);
    await store(server, headers, id, { '~/.b': 'two' });
    expect(await ask('POST', '/v1/config', { files: [] })).toEqual(FULL);
    // A path that is taken out loses its content.
    expect((await ask('PUT', `/v1/config/${id}`, { files: ['~/.a'] }))[0]).toBe(204);
    await newConfig(server, headers, []);
  });

  test('end the stream with what there is no room for, and those before it are stored', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_BYTES: '300' } });
    const paths = ['~/.a', '~/.b', '~/.c'];
    const { headers, id } = await userWith(server, paths);
    const files = paths.map(path => has(path, path.padEnd(100)));
    const synced = linesOf(await server.request('POST', `/v1/sync/${id}`, { files }, headers));
    expect([synced.status, synced.files.map(({ status }) => status)]).toEqual([200, ['stored', 'stored']]);
    expect(synced.last).toEqual({ event: 'error', error: expect.stringContaining('[LIMITS] account_bytes') });
    const held = await sync(server, headers, { id });
    expect(held.files.map(({ status }) => status)).toEqual(['updated', 'updated', 'missing']);
  });

  test('may not grow by a longer config either', async () => {
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_BYTES: '100' } });
    const { headers } = await newUser(server);
    const id = await newConfig(server, headers, ['~/.a']);
    const put = (files: string[]) => server.request('PUT', `/v1/config/${id}`, { files }, headers);
    expect((await put([`~/.${'x'.repeat(100)}`])).status).toBe(507);
    expect((await put(['~/.b'])).status).toBe(204);
  });
});
