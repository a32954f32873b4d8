import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { listen } from '../../src/process/listen.ts';
import { forEachEngine } from '../support/engines.ts';
import { request } from '../support/request.ts';
import { openServer } from '../support/served.ts';

const LOGIN = { username: 'root', password: 'correct horse' };
const KEY = 'f3Kx9-8sLq0-27dmQz';

forEachEngine('a server whose accounts of the configuration are not made yet', engine => {
  test('answers 503 to their right credentials, and to all others, until they are', async () => {
    const { server } = await openServer(engine);
    const environment = {
      KEYBIN_ADMIN_USERNAME: LOGIN.username,
      KEYBIN_ADMIN_PASSWORD: LOGIN.password,
      KEYBIN_PUNCH_KEYS_LAPTOP: `ann:${KEY}`,
    };
    const { config } = await loadConfig({ environment, directory: '/nonexistent' });
    const { core } = server;
    const app = createApp({ config: () => config, core, log: core.log, version: '0', buildCommit: '0' });
    const listening = await listen(app.koa.callback(), '127.0.0.1', 0);
    onTestFinished(() => listening.stop());
    const punch = { Authorization: `Bearer ${KEY}` };
    const all = () =>
      Promise.all([
        request(listening.url, 'POST', '/token', LOGIN),
        request(listening.url, 'POST', '/api/v1/auth/token', LOGIN),
        request(listening.url, 'POST', '/admin/login', LOGIN, { 'Content-Type': 'application/json' }),
        request(listening.url, 'GET', '/api/v1/punches/manifest', undefined, punch),
      ]);
    for (const answer of await all()) {
      expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '1']);
    }
    expect((await request(listening.url, 'GET', '/livez')).status).toBe(200);
    expect((await request(listening.url, 'GET', '/nowhere')).status).toBe(404);
    await app.prepare();
    expect((await all()).map(answer => answer.status)).toEqual([200, 200, 200, 200]);
  });
});
