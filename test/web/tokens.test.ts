import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newAdminGuest, newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor, unescaped } from './visitor.ts';

const MARKUP = '<b onclick="x">"\'&';

/** The ways to revoke something that a page has, by the kind. */
const waysOn = (text: string) =>
  [...text.matchAll(/href="(\/tokens\/revoke\?kind=(\w+)&amp;id=\w+)"/g)].map(([, path = '', kind]) => ({
    path: unescaped(path),
    kind,
  }));

async function wayTo(guest: { visit(path: string): Promise<{ text: string }> }, kind: string): Promise<string> {
  return waysOn((await guest.visit('/tokens')).text).find(way => way.kind === kind)?.path ?? 'none';
}

async function pair(server: TestServer, username: string | undefined): Promise<Record<string, string>> {
  const body = { login: username, password: PASSWORD, vault_id: 'notes', device_name: 'laptop' };
  const { json } = await server.request('POST', '/api/client/pair', body);
  return { Authorization: `Bearer ${json.device_token}` };
}

forEachEngine('what opens an account', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const opens = async (headers: Record<string, string>, path = '/user/me/keys') =>
    (await served.server.request('GET', path, undefined, headers)).status === 200;

  it('is shown to its owner', async () => {
    const page = await newVisitor(served.server).look('/tokens');
    expect([page.status, page.location]).toEqual([302, '/login']);
  });

  it('is one list of tokens, devices, sessions and Punch keys, without a secret', async () => {
    const key = 'k'.repeat(32);
    const { server } = await openServer(engine, { options: ROOMY });
    const guest = await newGuest(server);
    const name = guest.account.username ?? '';
    await server.configure({
      ...ROOMY,
      PUNCH_KEYS_DESK: `${name}:${key}`,
      PUNCH_KEYS_THEIRS: `somebody:${'x'.repeat(32)}`,
    });
    const { token } = await issueToken(server.core, guest.account, MARKUP);
    const device = await pair(server, name);
    const { text } = await guest.visit('/tokens');
    expect(text).not.toContain('<b onclick');
    for (const told of ['&lt;b onclick', 'laptop', 'notes', 'this browser', 'desk', 'ended by the admin'])
      expect(text).toContain(told);
    for (const hidden of [token, key, device.Authorization?.slice(7) ?? '', 'theirs'])
      expect(text).not.toContain(hidden);
    expect(waysOn(text).map(({ kind }) => kind)).toEqual(['token', 'device']);
  });

  it('gets a new token, which is shown once on the answer, and works as it is told there', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    await guest.visit('/tokens');
    const made = await guest.submit('/tokens', { name: MARKUP });
    expect([made.status, made.location, made.headers.get('Cache-Control')]).toEqual([200, undefined, 'no-store']);
    expect(made.text).not.toContain('<b onclick');
    const secret = /<pre id="secret"[^>]*><code>([\w-]{36})<\/code>/.exec(made.text)?.[1] ?? '';
    expect(unescaped(made.text)).toContain(`curl -H "Authorization: Bearer ${secret}" ${server.url}/user/me/keys`);
    expect(await opens({ Authorization: `Bearer ${secret}` })).toBe(true);
    expect((await guest.visit('/tokens')).text).not.toContain(secret);
  });

  it('gets a token of v2 with the rights and the days that are asked for', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    await guest.visit('/tokens');
    const made = await guest.send('/tokens/scoped', { label: MARKUP, scopes: 'kv:r:app/, tokens', days: '2' });
    expect(made.text).not.toContain('<b onclick');
    const secret = /<pre id="secret"[^>]*><code>(kb_[\w-]{43})<\/code>/.exec(made.text)?.[1] ?? '';
    expect(unescaped(made.text)).toContain(`${server.url}/v2/tokens/self`);
    const own = { Authorization: `Bearer ${secret}` };
    const { json } = await server.request('GET', '/v2/tokens/self', undefined, own);
    expect(json).toMatchObject({ name: MARKUP, scopes: ['kv:r:app/', 'tokens'] });
    expect(Date.parse(json.expires_at) - Date.parse(json.created_at)).toBe(172_800_000);
    const wish = { scopes: ['kv:r:app/'], max_uses: 3 };
    const child = await server.request('POST', '/v2/tokens', wish, own);
    const { text } = await guest.visit('/tokens');
    for (const told of ['&lt;b onclick', 'kv:r:app/, tokens', '3 uses left', child.json.id])
      expect(text).toContain(told);
    expect(text).not.toContain(secret);
    const ways = waysOn(text).map(({ path }) => path);
    expect(ways).toHaveLength(2);
    for (const path of ways) {
      const page = await guest.visit(path);
      if (page.text.includes('&lt;b onclick')) break;
    }
    expect((await guest.submit('/tokens/revoke')).status).toBe(303);
    expect(waysOn((await guest.visit('/tokens')).text)).toEqual([]);
    const headers = { Authorization: `Bearer ${child.json.token}` };
    expect((await server.request('GET', '/v2/tokens/self', undefined, headers)).status).toBe(401);
  });

  it('gets no token of v2 without a name, with rights that there are not, or for no time', async () => {
    const guest = await newGuest(served.server);
    for (const [field, given, problem] of [
      ['label', { label: ' ' }, '1 to 128 characters'],
      ['scopes', { scopes: 'everything' }, 'Rights look like'],
      ['days', { days: '0' }, 'number of days'],
      ['days', { days: 'x' }, 'number of days'],
    ] as const) {
      await guest.visit('/tokens');
      const page = await guest.send('/tokens/scoped', { label: 'a', scopes: 'kv:r', days: '', ...given });
      expect([page.status, page.text.includes(`id="${field}-problem"`), page.text.includes(problem)]).toEqual([
        400,
        true,
        true,
      ]);
    }
    expect(waysOn((await guest.visit('/tokens')).text)).toEqual([]);
  });

  it('gets no second token for a name that has one, and none without a name', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { token } = await issueToken(server.core, guest.account, 'laptop');
    for (const [name, status, problem] of [
      ['laptop', 409, 'has a token already'],
      ['', 400, '1 to 128 characters'],
      ['  ', 400, '1 to 128 characters'],
      ['x'.repeat(129), 400, '1 to 128 characters'],
    ] as const) {
      await guest.visit('/tokens');
      const { text, ...page } = await guest.submit('/tokens', { name });
      expect([name, page.status, text.includes(`id="name-problem"`), text.includes(problem)]).toEqual([
        name,
        status,
        true,
        true,
      ]);
    }
    expect(await opens({ Authorization: `Bearer ${token}` })).toBe(true);
  });

  it('ends one by one, after a question; a device only with the password', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { token } = await issueToken(server.core, guest.account, 'laptop');
    const device = await pair(server, guest.account.username);
    await guest.visit(await wayTo(guest, 'token'));
    expect(await opens({ Authorization: `Bearer ${token}` })).toBe(true);
    const revoked = await guest.submit('/tokens/revoke');
    expect([revoked.status, revoked.location]).toEqual([303, '/tokens?done=token_revoked']);
    expect(await opens({ Authorization: `Bearer ${token}` })).toBe(false);
    await guest.visit(await wayTo(guest, 'device'));
    const wrong = await guest.submit('/tokens/revoke', { password: 'not mine' });
    expect([wrong.status, wrong.text.includes('id="password-problem">This is not your password')]).toEqual([403, true]);
    expect((await guest.submit('/tokens/revoke', { password: '' })).status).toBe(400);
    expect(await opens(device, '/api/client/me')).toBe(true);
    expect((await guest.send('/tokens/revoke', { password: PASSWORD })).text).toContain('The device is revoked.');
    expect(await opens(device, '/api/client/me')).toBe(false);
  });

  it('ends another browser, and not the one that asks', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const own = (await guest.visit('/tokens')).text;
    expect(waysOn(own)).toEqual([]);
    const other = newVisitor(server);
    await other.visit('/login');
    await other.submit('/login', { username: guest.account.username ?? '', password: PASSWORD });
    await guest.visit(await wayTo(guest, 'session'));
    await guest.submit('/tokens/revoke');
    expect((await other.look('/tokens')).location).toBe('/login');
    expect((await guest.look('/tokens')).status).toBe(200);
  });

  it('is out of reach of other accounts', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { token } = await issueToken(server.core, guest.account, 'laptop');
    const way = await wayTo(guest, 'token');
    const stranger = await newGuest(server);
    await issueToken(server.core, stranger.account, 'laptop');
    expect((await stranger.look(way)).status).toBe(404);
    for (const path of ['/tokens/revoke', '/tokens/revoke?kind=token&id=x&id=y', '/tokens/revoke?kind=punch_key&id=']) {
      expect((await stranger.look(path)).status).toBe(404);
    }
    await stranger.visit(await wayTo(stranger, 'token'));
    const id = new URLSearchParams(way.split('?')[1]).get('id') ?? '';
    expect((await stranger.submit('/tokens/revoke', { id })).status).toBe(404);
    expect(await opens({ Authorization: `Bearer ${token}` })).toBe(true);
  });

  it('ends but for the browser that asks, all at once, with the password, and tells what ended', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const tokens = [
      await issueToken(server.core, guest.account, 'a'),
      await issueToken(server.core, guest.account, 'b'),
    ];
    const device = await pair(server, guest.account.username);
    await guest.visit('/tokens/revoke-all');
    const wrong = await guest.submit('/tokens/revoke-all', { password: 'not mine' });
    expect([wrong.status, wrong.text.includes('id="password-problem"')]).toEqual([403, true]);
    expect(await opens(device, '/api/client/me')).toBe(true);
    const { text } = await guest.submit('/tokens/revoke-all', { password: PASSWORD });
    expect(text).toContain('2 tokens, 0 other browsers, 1 device');
    expect(await opens(device, '/api/client/me')).toBe(false);
    for (const { token } of tokens) expect(await opens({ Authorization: `Bearer ${token}` })).toBe(false);
    expect((await guest.look('/tokens')).status).toBe(200);
  });

  it('is changed by no page of others', async () => {
    const guest = await newGuest(served.server);
    await guest.visit('/tokens');
    expect((await guest.submit('/tokens', { name: 'x', csrf_token: '0'.repeat(64) })).status).toBe(403);
    await guest.visit('/tokens/revoke-all');
    expect((await guest.submit('/tokens/revoke-all', { password: PASSWORD }, { Origin: 'null' })).status).toBe(403);
    const admin = await newAdminGuest(served.server);
    expect((await admin.look('/tokens')).location).toBe('/login');
  });
});
