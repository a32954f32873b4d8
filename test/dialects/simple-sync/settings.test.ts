import { expect, test, vi } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import type { Log } from '../../../src/base/log.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer } from '../../support/served.ts';
import { newAdmin, newMember, pull, push, rule, SECRET, setRules, storedIn, WITH_SECRET } from './open-simple-sync.ts';

forEachEngine('the simple-sync API', engine => {
  function collectWarnings(): { log: Log; warnings: string[] } {
    const warnings: string[] = [];
    const warn = (_: object, message: string) => void warnings.push(message);
    return { log: { debug() {}, info() {}, warn, error: warn }, warnings };
  }

  test('can be switched off', async () => {
    const { server } = await openServer(engine, { options: { SIMPLE_SYNC_ENABLED: 'false' } });
    for (const [method, path] of [
      ['POST', '/api/v1/auth/token'],
      ['GET', '/api/v1/events'],
      ['PUT', '/api/v1/acl'],
      ['POST', '/api/v1/admin/users'],
    ] as const) {
      const { status, json } = await server.request(method, path);
      expect([path, status, json.code]).toEqual([path, 404, 'not_found']);
    }
    expect((await server.request('GET', '/api/v1/health')).status).toBe(200);
  });

  test('warns once when the secret is in the database, and names the setting', async () => {
    const { log, warnings } = collectWarnings();
    const { server } = await openServer(engine, { log });
    await newMember(server);
    await server.configure({});
    const expected = engine.name === 'embedded' ? [] : [expect.stringContaining('[SIMPLE_SYNC] jwt_secret')];
    expect(warnings).toEqual(expected);
  });

  test('takes the secret of the configuration, and needs no warning then', async () => {
    const { log, warnings } = collectWarnings();
    const served = await openServer(engine, { ...WITH_SECRET, log });
    const ann = await newMember(served.server);
    expect(warnings).toEqual([]);
    const same = await anotherServer(served, WITH_SECRET);
    expect((await pull(same, ann)).status).toBe(200);
    const other = await anotherServer(served, { options: { SIMPLE_SYNC_JWT_SECRET: `another ${SECRET}` } });
    expect((await pull(other, ann)).status).toBe(401);
    const none = await anotherServer(served);
    expect((await pull(none, ann)).status).toBe(401);
  });

  test('asks for its secret once, and again only when that failed', async () => {
    const { server } = await openServer(engine);
    const { config } = await loadConfig({ environment: {}, directory: '/nonexistent' });
    const { log } = collectWarnings();
    const app = createApp({ config: () => config, core: server.core, log, version: '0', buildCommit: '0' });
    const secret = vi.spyOn(server.core.storage, 'secret').mockRejectedValueOnce(new StorageUnavailableError());
    await expect(app.prepare()).rejects.toThrow(StorageUnavailableError);
    for (let i = 0; i < 3; i++) await app.prepare();
    expect(secret.mock.calls).toEqual([['jwt'], ['jwt']]);
  });

  test('takes the initial rules for a fresh store only', async () => {
    const options = { SIMPLE_SYNC_INITIAL_ACL: '{"rules":[]}' };
    const served = await openServer(engine, { options });
    const ann = await newMember(served.server);
    expect((await push(served.server, ann, [{ uuid: 'a', timestamp: 1, itemUuid: 'i', action: 'a' }])).status).toBe(
      403,
    );
    const later = await anotherServer(served);
    expect((await push(later, ann, [{ uuid: 'a', timestamp: 1, itemUuid: 'i', action: 'a' }])).status).toBe(403);
  });

  test('leaves the rules of a process that was faster alone', async () => {
    const { server } = await openServer(engine, { options: { SIMPLE_SYNC_INITIAL_ACL: '{"rules":[]}' } });
    const admin = await newAdmin(server);
    await setRules(server, admin, ['ann/*/* +']);
    vi.spyOn(storedIn(server, 'simple_sync_acl'), 'get').mockResolvedValueOnce(undefined);
    const answer = await server.request('GET', '/api/v1/acl', undefined, admin.headers);
    expect([answer.status, answer.json]).toEqual([200, { rules: [rule('ann/*/* +')] }]);
  });
});
