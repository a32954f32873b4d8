import { expect, test, vi } from 'vitest';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, newName, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { apiOf, punchOf, REFUSED } from './open-punch.ts';

const LAPTOP = 'laptop-key-0123456789';
const PHONE = 'phone-key-0123456789';

const asked = async (server: TestServer, key: string) =>
  (await server.request('GET', '/api/v1/punches/manifest', undefined, { 'X-API-Key': key })).status;
const accountNamed = (server: TestServer, username: string) =>
  server.core.storage.collection(accountsSpec).find('username', [username]);

forEachEngine('a key of the configuration', engine => {
  const open = (options: Record<string, string>) =>
    openServer(engine, { options: { SECURITY_THROTTLE: 'false', ...options } });

  test('opens an account that nobody made before, and that no password opens and nobody can register', async () => {
    const { server } = await open({ PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` });
    const api = apiOf(server, { Authorization: `Bearer ${LAPTOP}` });
    const one = punchOf();
    await api.upload(one);
    const stored = await accountNamed(server, 'ann');
    expect([stored?.username, stored?.password, stored?.admin, stored?.simple_sync]).toEqual([
      'ann',
      undefined,
      undefined,
      undefined,
    ]);
    for (const password of ['', 'x', 'undefined', LAPTOP]) {
      const login = { username: 'ann', password };
      expect([400, 409]).toContain((await server.request('POST', '/register', login)).status);
      expect([400, 403]).toContain((await server.request('POST', '/token', login)).status);
      expect([400, 403]).toContain((await server.request('DELETE', '/unregister', login)).status);
    }
    expect(await api.download(one.id)).toEqual([one]);
  });

  test('opens the account that was registered before, beside its password', async () => {
    const served = await open({});
    const login = { username: 'ann', password: 'right' };
    await served.server.request('POST', '/register', login);
    const server = await anotherServer(served, { options: { PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` } });
    const { token } = (await server.request('POST', '/token', login)).json.token;
    const one = punchOf();
    await apiOf(server, { 'X-API-Key': LAPTOP }).upload(one);
    expect(await apiOf(served.server, { Authorization: `Bearer ${token}` }).download(one.id)).toEqual([one]);
  });

  test('warns at the start and at each reload that a password opens the same records, since a stranger may have it', async () => {
    const served = await open({});
    const registered = new Date(served.server.clock.now()).toISOString();
    await served.server.request('POST', '/register', { username: 'ann', password: 'of a stranger' });
    served.server.clock.advance(86_400_000);
    const warnings: [object, string][] = [];
    const log = {
      debug() {},
      info() {},
      error() {},
      warn: (fields: object, text: string) => warnings.push([fields, text]),
    };
    const keys = {
      PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}`,
      PUNCH_KEYS_PHONE: `ann:${PHONE}`,
      PUNCH_KEYS_CLOCK: 'ben:clock-key-0123456789',
    };
    const server = await anotherServer(served, { options: keys, log });
    const { user_id = '' } = (await accountNamed(server, 'ann')) ?? {};
    const warned = () => warnings.splice(0).filter(([, text]) => text.includes('[PUNCH_KEYS]'));
    const labels = expect.arrayContaining(['laptop', 'phone']);
    const expected = [
      [
        { account: user_id, username: 'ann', registered_at: registered, labels },
        expect.stringMatching(
          new RegExp(`"ann" has a password.* reads and changes the same records.*registered at ${registered}`),
        ),
      ],
    ];
    expect(warned()).toEqual(expected);
    await asked(server, LAPTOP);
    expect(warned()).toEqual([]);
    await server.configure({ ...keys, PUNCH_KEYS_CLOCK: 'cat:clock-key-0123456789' });
    expect(warned()).toEqual(expected);
    await server.configure({ PUNCH_KEYS_LAPTOP: `ben:${LAPTOP}`, PUNCH_KEYS_PHONE: `cat:${PHONE}` });
    expect(warned()).toEqual([]);
  });

  test('makes its account also while registration is closed', async () => {
    const { server } = await open({ SECURITY_REGISTRATION: 'false', PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` });
    expect(await asked(server, LAPTOP)).toBe(200);
  });

  test('is one of several of its account, and every other account has its own', async () => {
    const { server } = await open({
      PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}`,
      PUNCH_KEYS_PHONE: `ann:${PHONE}`,
      PUNCH_KEYS_BOB: 'bob smith: bobs-key-0123456789 ',
    });
    const one = punchOf();
    await apiOf(server, { 'X-API-Key': LAPTOP }).upload(one);
    expect(await apiOf(server, { 'X-API-Key': PHONE }).download(one.id)).toEqual([one]);
    expect(await apiOf(server, { 'X-API-Key': 'bobs-key-0123456789' }).manifest()).toEqual({});
    expect(await accountNamed(server, 'bob smith')).toBeDefined();
  });

  test('is revoked, and another added, when the configuration is read again', async () => {
    const { server } = await open({ PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` });
    const one = punchOf();
    await apiOf(server, { 'X-API-Key': LAPTOP }).upload(one);
    await server.configure({ PUNCH_KEYS_LAPTOP: `ann:${PHONE}`, PUNCH_KEYS_BOB: 'bob:bobs-key-0123456789' });
    expect([await asked(server, LAPTOP), await asked(server, 'bobs-key-0123456789')]).toEqual([401, 200]);
    expect(await apiOf(server, { 'X-API-Key': PHONE }).download(one.id)).toEqual([one]);
    await server.configure({ PUNCH_KEYS_LAPTOP: `bob:${LAPTOP}` });
    expect([await asked(server, PHONE), await asked(server, LAPTOP)]).toEqual([401, 200]);
    expect(await apiOf(server, { 'X-API-Key': LAPTOP }).manifest()).toEqual({});
  });

  test('opens nothing when its account was ended, nor the next one of the name, until the configuration is read again', async () => {
    const served = await open({});
    const login = { username: 'ann', password: 'right' };
    await served.server.request('POST', '/register', login);
    const server = await anotherServer(served, { options: { PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` } });
    await apiOf(server, { 'X-API-Key': LAPTOP }).upload(punchOf());
    expect((await served.server.request('DELETE', '/unregister', login)).status).toBe(200);
    const refused = await server.request('GET', '/api/v1/punches/manifest', undefined, { 'X-API-Key': LAPTOP });
    expect([refused.status, refused.json]).toEqual([401, REFUSED]);
    expect(await accountNamed(server, 'ann')).toBeUndefined();

    expect((await served.server.request('POST', '/register', login)).status).toBe(200);
    expect(await asked(server, LAPTOP)).toBe(401);
    await server.configure({});
    expect(await apiOf(server, { 'X-API-Key': LAPTOP }).manifest('?deleted=1')).toEqual({});
  });

  test('opens nothing while its account is being erased', async () => {
    const served = await open({});
    const account = await createAccount(served.server.core, { username: 'ann' });
    const erasing_at = new Date(served.server.clock.now());
    await served.server.core.storage.collection(accountsSpec).update([account.user_id], { set: { erasing_at } });
    const server = await anotherServer(served, { options: { PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` } });
    expect(await asked(server, LAPTOP)).toBe(401);
  });

  test('finds one account when many servers start at once', async () => {
    const served = await open({});
    const options = { PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}`, PUNCH_KEYS_BOB: 'bob:bobs-key-0123456789' };
    const servers = await Promise.all(Array.from({ length: 5 }, () => anotherServer(served, { options })));
    const one = punchOf();
    for (const server of servers) await apiOf(server, { 'X-API-Key': LAPTOP }).upload(one);
    for (const server of servers) expect(await apiOf(server, { 'X-API-Key': LAPTOP }).download(one.id)).toEqual([one]);
    const { items } = await served.server.core.storage.collection(accountsSpec).scan({ limit: 100 });
    expect(items.map(({ username }) => username).toSorted()).toEqual(['ann', 'bob']);
  });

  test('answers 503 while its account cannot be looked for, and works afterwards', async () => {
    const { server } = await open({});
    const accounts = server.core.storage.collection(accountsSpec);
    const { StorageUnavailableError } = await import('../../../src/base/errors.ts');
    const away = vi.spyOn(accounts, 'find').mockRejectedValue(new StorageUnavailableError());
    await expect(server.configure({ PUNCH_KEYS_LAPTOP: `ann:${LAPTOP}` })).rejects.toThrow();
    expect(await asked(server, LAPTOP)).toBe(503);
    away.mockRestore();
    expect(await asked(server, LAPTOP)).toBe(200);
  });

  test('is never in the log, which names the labels', async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
    const log = { debug: write, info: write, warn: write, error: write };
    const options = { PUNCH_KEYS_LAPTOP: `${newName()}:${LAPTOP}`, PUNCH_KEYS_PHONE: `ann:${PHONE}` };
    const { server } = await openServer(engine, { options, log });
    await asked(server, LAPTOP);
    await asked(server, `${PHONE}x`);
    await server.request('POST', '/api/v1/punches/upload', '{', { Authorization: `Bearer ${PHONE}` });
    await server.configure({ PUNCH_KEYS_PHONE: '' }).catch(() => {});
    const announced = lines.filter(line => line.includes('laptop'));
    expect(announced).toHaveLength(1);
    expect(announced[0]).toContain('Punch keys: 2, accounts: 2');
    expect(announced[0]).toContain('phone');
    expect(lines.join('\n')).not.toMatch(/key-0123456789/);
  });
});
