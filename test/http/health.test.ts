import { expect, test } from 'vitest';
import { StorageUnavailableError } from '../../src/base/errors.ts';
import { createHealth } from '../../src/http/edge/health.ts';
import { testClock } from '../support/clock.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { openApp } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

forEachEngine('health', engine => {
  const keybin = sharedServer(engine);
  const health = () => keybin.server.request('GET', '/api/v1/health');

  test('is one answer for every client', async () => {
    const answer = await health();
    const now = `${new Date(keybin.server.clock.now()).toISOString().slice(0, 19)}Z`;
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      status: 'healthy',
      timestamp: now,
      time: now,
      server_time: now,
      version: '0.0.0-test',
      uptime: 0,
      uptime_seconds: 0,
      build_commit: 'test',
      database_reachable: true,
      blob_storage_writable: true,
      schema_version: 3,
      read_only: false,
    });
  });

  test('tells the time and the uptime in whole seconds', async () => {
    keybin.server.clock.advance(61_999);
    const { json } = await health();
    expect([json.uptime, json.uptime_seconds]).toEqual([61, 61]);
    expect(json.server_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(json.timestamp).toBe(new Date(keybin.server.clock.now()).toISOString().replace(/\.\d+Z/, 'Z'));
  });

  test('has an uptime that a clock which is set back does not touch', async () => {
    const { server } = await openServer(engine);
    server.clock.advance(5_000);
    server.clock.advance(-3_600_000);
    const { json } = await server.request('GET', '/api/v1/health');
    expect([json.uptime, json.time]).toEqual([5, '2099-12-31T23:00:05Z']);
  });

  test('names no path, host, database or user', async () => {
    const { host, database } = keybin.opened.options;
    const place = host.replace(/^\w+:(\/\/)?/, '').replace(/\/$/, '');
    expect(place.length).toBeGreaterThan(5);
    for (const path of ['/api/v1/health', '/livez', '/readyz']) {
      const { text } = await keybin.server.request('GET', path);
      expect(text).not.toContain(place);
      expect(text).not.toContain(database);
    }
  });

  test('says that the process lives, and the time', async () => {
    const { status, json } = await keybin.server.request('GET', '/livez');
    expect([status, json]).toEqual([200, { status: 'ok', server_time: (await health()).json.server_time }]);
  });

  test('says that it is ready, with all that the other answer has', async () => {
    const { status, json } = await keybin.server.request('GET', '/readyz');
    expect([status, json]).toEqual([200, { ...(await health()).json, status: 'ok' }]);
  });

  test('is degraded, 503 and not ready without the storage, and alive all the same', async () => {
    const { server } = await openServer(engine);
    await server.core.storage.close();
    const answer = await server.request('GET', '/api/v1/health');
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '1']);
    expect(answer.json).toMatchObject({ status: 'degraded', database_reachable: false, blob_storage_writable: false });
    expect(answer.json.schema_version).toBe(3);
    const ready = await server.request('GET', '/readyz');
    expect([ready.status, Number(ready.headers.get('Retry-After'))]).toEqual([503, 1]);
    expect(ready.json).toEqual({ ...answer.json, error: expect.any(String), code: 'storage_unavailable' });
    expect(ready.text.length).toBeLessThan(500);
    expect((await server.request('GET', '/livez')).status).toBe(200);
  });
});

test.each([
  ['is being prepared', {}, { database_reachable: true, blob_storage_writable: true }],
  ['does not answer', { database: 'away' }, { database_reachable: false, blob_storage_writable: true }],
  ['takes no files', { prepared: true, blobs: 'away' }, { database_reachable: true, blob_storage_writable: false }],
] as const)('a server whose storage %s is not ready', async (_, state, expected) => {
  const ping = (away: boolean) => async () => {
    if (away) throw new StorageUnavailableError();
  };
  const storage = { ping: ping('database' in state), blobs: { ping: ping('blobs' in state) } };
  const { routes } = createHealth({
    storage,
    schemaVersion: 1,
    clock: testClock(),
    version: '1',
    buildCommit: 'x',
    prepared: () => 'prepared' in state,
    readOnly: () => false,
  });
  const { status, headers, json } = await rawRequest(await openApp(routes), { path: '/readyz' });
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(json).toMatchObject({ ...expected, status: 'degraded', code: 'storage_unavailable' });
  expect(json.error).toMatch(/storage/);
});

test('however many ask, the storage is tried out once a second, and once at a time', async () => {
  let [time, tried] = [0, 0];
  let answer = () => {};
  const ping = () => {
    tried++;
    return new Promise<void>(resolve => {
      answer = resolve;
    });
  };
  const storage = { ping: async () => {}, blobs: { ping } };
  const clock = { now: () => 0, elapsed: () => time };
  const url = await openApp(
    createHealth({
      storage,
      schemaVersion: 1,
      clock,
      version: '1',
      buildCommit: 'x',
      prepared: () => true,
      readOnly: () => false,
    }).routes,
  );
  const ask = () => ['/readyz', '/api/v1/health', '/readyz'].map(path => rawRequest(url, { path }));
  const first = ask();
  await expect.poll(() => tried).toBe(1);
  time = 5_000;
  const late = ask();
  await rawRequest(url, { path: '/livez' });
  answer();
  for (const { status } of await Promise.all([...first, ...late])) expect(status).toBe(200);
  expect(tried).toBe(1);
  const next = ask();
  await expect.poll(() => tried).toBe(2);
  answer();
  await Promise.all(next);
  time = 5_999;
  await Promise.all(ask());
  expect(tried).toBe(2);
  time = 6_000;
  const last = ask();
  await expect.poll(() => tried).toBe(3);
  answer();
  await Promise.all(last);
});
