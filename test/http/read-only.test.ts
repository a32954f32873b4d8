import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { collections } from '../../src/app.ts';
import { punchOf } from '../dialects/punch/open-punch.ts';
import { newOperation, pairedDevice } from '../dialects/verstak/open-verstak.ts';
import { type Engine, forEachEngine } from '../support/engines.ts';
import { newUser, openServer, type Served } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newAdminGuest, newGuest, ROOMY } from '../web/people.ts';

const OPTIONS = {
  ...ROOMY,
  SIMPLE_SYNC_JWT_SECRET: 'a secret of more than 32 characters',
  SIMPLE_SYNC_OPEN_TO: 'all',
};
const READ_ONLY = { APP_READ_ONLY: 'true' };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const CONTENT = Buffer.from('alias ll="ls -l"\n');
const OFFER = {
  path: '~/.bashrc',
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
  size: CONTENT.length,
  mode: '644',
  modified: 1,
  content: CONTENT.toString('base64'),
};

/** A server with something of every API, and who may do what with it. */
async function populated(engine: Engine) {
  const served = await openServer(engine, { options: OPTIONS });
  const { server } = served;
  const user = await newUser(server);
  const bearer = user.headers;
  const device = await pairedDevice(server);
  const guest = await newGuest(server);
  const admin = await newAdminGuest(server);
  const login = { username: guest.account.username, password: 'correct horse' };
  const signed = await server.request('POST', '/api/v1/auth/token', login);
  await server.request('PUT', '/v2/kv/k', 'value', bearer);
  const made = await server.request('POST', '/v1/config', { files: [OFFER.path] }, bearer);
  const cookies = [guest, admin].map(({ cookies }) => ({
    Cookie: [...cookies].map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; '),
  }));
  const credentials = [bearer, device.headers, { Authorization: `Bearer ${signed.json.token}` }, ...cookies];
  return { served, server, user, bearer, device, guest, login, signed, config: made.json.id, credentials };
}

/** Everything that is stored, seen behind the server's back. */
async function stored({ opened }: Served): Promise<string> {
  const all: unknown[] = [];
  for (const spec of collections) all.push([spec.name, await opened.storage.collection(spec).scan({ limit: 10_000 })]);
  return JSON.stringify(all);
}

/** The routes of one kind, with something in the place of what varies. */
function targets(server: TestServer, token: string, reading: boolean): { method: string; path: string }[] {
  const routes = server.routes.filter(({ method }) => (method === 'GET') === reading);
  const filled = (path: string) =>
    path.replace(':token', token).replace(/[:*][a-z_]+/gi, name => (/key/.test(name) ? 'k' : '00'));
  const endless = /changes|\/stop|log-?out/;
  return routes.map(({ method, path }) => ({ method, path: filled(path) })).filter(({ path }) => !endless.test(path));
}

forEachEngine('a server that takes no changes', engine => {
  test('refuses every write of every API with 503, and changes nothing', async () => {
    const { served, server, user, bearer, device, guest, login, signed, config, credentials } = await populated(engine);
    await guest.visit('/data/new');
    await server.configure(READ_ONLY);
    const before = await stored(served);
    const event = { uuid: 'e', timestamp: 1, userUuid: 'u', itemUuid: 'i', action: 'a', payload: '{}' };
    const refused: [method: string, path: string, body?: unknown, headers?: Record<string, string>][] = [
      ['POST', '/register', { username: 'new', password: 'password' }],
      ['POST', '/token', { username: user.account.username, password: 'right' }],
      ['POST', `/user/${user.token}/store/k`, { value: 1 }],
      ['DELETE', `/user/${user.token}`],
      ['PUT', '/v2/kv/k', 'other', bearer],
      ['DELETE', '/v2/kv/k', undefined, bearer],
      ['POST', '/v2/incr/n', undefined, bearer],
      ['POST', '/v2/tokens/self/renew', undefined, bearer],
      ['POST', '/v1/config', { files: ['~/other'] }, bearer],
      ['DELETE', `/v1/config/${config}`, undefined, bearer],
      ['POST', '/v1/sync', { files: [OFFER] }, bearer],
      ['POST', '/api/v1/auth/token', login],
      ['POST', '/api/v1/events', [event], { Authorization: `Bearer ${signed.json.token}` }],
      ['POST', '/api/v1/sync/push', { device_id: 'd', ops: [newOperation()] }, device.headers],
      ['POST', '/api/client/pair', { login: device.account.username, password: 'correct horse', vault_id: 'v' }],
      ['POST', '/api/v1/punches/upload', { punches: [punchOf()] }, bearer],
    ];
    const answers = [];
    for (const [method, path, body, headers] of refused) {
      const { status, json, headers: answered } = await server.request(method, path, body, headers);
      answers.push([method, path.replace(user.token, ''), status, json.code, answered.get('Retry-After')]);
    }
    expect(answers.filter(([, , ...answer]) => answer.join() !== '503,read_only,30')).toEqual([]);
    const page = await guest.submit('/data/new', { key: 'fresh', kind: 'text', value: '1' });
    expect([page.status, page.text.includes('takes no changes')]).toEqual([503, true]);

    const wrong: unknown[] = [];
    for (const { method, path } of targets(server, user.token, false)) {
      const [headers] = credentials.slice(path.startsWith('/admin') ? -1 : path.startsWith('/api') ? 1 : 0);
      const { status, text } = await server.request(method, path, '', { ...FORM, ...headers });
      if (status >= 500 && status !== 501 && !text.includes('read_only')) wrong.push([method, path, status, text]);
    }
    expect(wrong).toEqual([]);
    await Promise.all([server.expire(), server.sendMails()]);
    await server.core.background.idle();
    expect(await stored(served)).toBe(before);

    const ready = await server.request('GET', '/readyz');
    expect([ready.status, ready.json.read_only]).toEqual([200, true]);
    await server.configure({});
    expect((await server.request('PUT', '/v2/kv/k', 'other', bearer)).status).toBe(204);
  });

  test('answers every GET as before, and pulls too', async () => {
    const { server, user, bearer, device, config, credentials } = await populated(engine);
    await server.configure(READ_ONLY);
    const look = async () => {
      const statuses: string[] = [];
      for (const { path } of targets(server, user.token, true)) {
        for (const headers of credentials)
          statuses.push(`${path} ${(await server.request('GET', path, undefined, headers)).status}`);
      }
      return statuses;
    };
    const during = await look();
    const pulled = await server.request('POST', '/api/v1/sync/pull', { since_sequence: 0 }, device.headers);
    const synced = await server.request('POST', `/v1/sync/${config}`, undefined, bearer);
    expect([pulled.status, synced.status]).toEqual([200, 200]);
    await server.configure({});
    expect(during).toEqual(await look());
    expect(during.filter(line => / 5\d\d$/.test(line))).toEqual([]);
  });
});
