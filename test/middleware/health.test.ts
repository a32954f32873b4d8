import { expect, test } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';

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
      schema_version: 1,
    });
  });

  test('tells the time and the uptime in whole seconds', async () => {
    keybin.server.clock.advance(61_999);
    const { json } = await health();
    expect([json.uptime, json.uptime_seconds]).toEqual([61, 61]);
    expect(json.server_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(json.timestamp).toBe(new Date(keybin.server.clock.now()).toISOString().replace(/\.\d+Z/, 'Z'));
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

  test('says that the process lives and is ready', async () => {
    for (const path of ['/livez', '/readyz']) expect((await keybin.server.request('GET', path)).status).toBe(200);
  });

  test('is degraded, 503 and not ready without the storage, and alive all the same', async () => {
    const { server } = await openServer(engine);
    await server.core.storage.close();
    const answer = await server.request('GET', '/api/v1/health');
    expect(answer.status).toBe(503);
    expect(answer.json).toMatchObject({ status: 'degraded', database_reachable: false, blob_storage_writable: false });
    expect(answer.json.schema_version).toBe(1);
    expect((await server.request('GET', '/readyz')).status).toBe(503);
    expect((await server.request('GET', '/livez')).status).toBe(200);
  });
});
