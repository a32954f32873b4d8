import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { revokeDevice } from '../../src/core/devices/devices.ts';
import { addPunch } from '../../src/core/punches/edit.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { type Guest, newGuest, PASSWORD, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

const MARKUP = '<b onclick="x">"\'&';

/** Pairs a device of the guest's; its id and token. */
async function paired(server: TestServer, { account }: Guest, given: Record<string, string> = {}) {
  const body = { login: account.username, password: PASSWORD, vault_id: 'notes', device_name: 'laptop', ...given };
  const { status, json } = await server.request('POST', '/api/client/pair', body);
  if (status !== 200) throw new Error(`pairing answers ${status}: ${JSON.stringify(json)}`);
  return { id: String(json.device_id), token: String(json.device_token), action: actionOf(json.device_id) };
}

const actionOf = (id: string) => `/api/v1/user/devices/${id}/revoke`;

forEachEngine('the overview', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('is for who is signed in', async () => {
    const page = await newVisitor(served.server).look('/dashboard');
    expect([page.status, page.location]).toEqual([302, '/login']);
  });

  it('of an empty account says who it is and teaches the first steps, with the address of this server', async () => {
    const guest = await newGuest(served.server, { email: 'ann-of-dashboard@example.org' });
    const { status, text, headers } = await guest.visit('/dashboard');
    expect([status, headers.get('Cache-Control')]).toEqual([200, 'no-store']);
    expect(text).toContain(guest.account.username);
    expect(text).toContain('ann-of-dashboard@example.org');
    expect(text).toContain('>confirmed</span>');
    expect(text).toContain('First steps');
    expect(text).toContain(`curl -X POST ${served.server.url}/user/$T/store/greeting`);
    expect(text).toContain('No device is connected');
  });

  it('shows the own devices with their state and no token, each active one with a form that revokes it', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const device = await paired(server, guest, { client_version: '1.2.3' });
    const other = await paired(server, await newGuest(server));
    const gone = await paired(server, guest, { device_name: 'old phone' });
    await revokeDevice(server.core, guest.account.user_id, gone.id);
    const { text } = await guest.visit('/dashboard');
    for (const told of ['laptop', 'notes', '1.2.3', 'old phone', '>active</span>', '>revoked</span>', device.action]) {
      expect(text).toContain(told);
    }
    for (const hidden of [gone.action, other.id, device.token, device.token.slice(0, 8), 'First steps']) {
      expect(text).not.toContain(hidden);
    }
    const sent = await guest.submit(device.action, { password: PASSWORD });
    expect([sent.status, sent.location]).toEqual([303, '/dashboard']);
    expect((await guest.visit('/dashboard')).text).not.toContain('>active</span>');
    const headers = { Authorization: `Bearer ${device.token}` };
    expect((await server.request('GET', '/api/client/me', undefined, headers)).status).toBe(401);
  });

  it('tells at its field that the password is wrong or missing, and the device stays', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { action, id } = await paired(server, guest);
    await guest.visit('/dashboard');
    for (const [password, status, problem] of [
      ['not mine', 403, 'This is not your password.'],
      ['', 400, 'Your password is needed.'],
    ] as const) {
      const page = await guest.submit(action, { password });
      expect([page.status, page.headers.get('Content-Type')]).toEqual([status, 'text/html; charset=utf-8']);
      expect(page.text).toContain(`id="password-${id}-problem">${problem}`);
      expect(page.text).toContain('<details open>');
      expect(page.text).not.toContain('not mine');
    }
    expect((await guest.submit(action, { password: PASSWORD })).status).toBe(303);
  });

  it('answers a browser with a page, whatever is wrong with the form, and programs with JSON', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const stranger = await paired(server, await newGuest(server));
    const { action } = await paired(server, guest);
    await guest.visit('/dashboard');
    const page = await guest.submit(action, { password: PASSWORD, csrf_token: '0'.repeat(64) });
    expect([page.status, page.headers.get('Content-Type')]).toEqual([403, 'text/html; charset=utf-8']);
    await guest.visit('/dashboard');
    const own = new URLSearchParams({ password: PASSWORD, csrf_token: guest.cookies.get('/ csrf_token') ?? '' });
    const Cookie = ['user_session', 'csrf_token'].map(name => `${name}=${guest.cookies.get(`/ ${name}`)}`).join('; ');
    for (const [Accept, type] of [
      ['text/html', 'text/html; charset=utf-8'],
      ['*/*', 'application/json; charset=utf-8'],
    ] as const) {
      const answer = await fetch(server.url + stranger.action, {
        method: 'POST',
        body: own,
        headers: { Cookie, Accept },
      });
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([404, type]);
    }
    const headers = { Authorization: `Bearer ${stranger.token}` };
    expect((await server.request('GET', '/api/client/me', undefined, headers)).status).toBe(200);
  });

  it('finds devices by name, vault and version, and escapes whatever they are called', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    await paired(server, guest, { device_name: MARKUP, client_version: MARKUP });
    await paired(server, guest, { device_name: 'tablet', vault_id: 'work' });
    expect((await guest.visit('/dashboard')).text).not.toContain('<b onclick');
    for (const [q, found] of [
      ['TABLET', true],
      ['wor', true],
      ['nothing such', false],
      [MARKUP, false],
    ] as const) {
      const { text } = await guest.visit(`/dashboard?q=${encodeURIComponent(q)}`);
      expect([q, text.includes('>tablet</td>')]).toEqual([q, found]);
      expect(text).not.toContain('<b onclick');
    }
    expect((await guest.visit('/dashboard?q=x&q=y&page=x')).status).toBe(200);
  });

  it('counts what is there, and shows the clock that runs', async () => {
    const { server } = served;
    const guest = await newGuest(server);
    const { token } = await issueToken(server.core, guest.account);
    await server.request('POST', `/user/${token}/store/a`, { value: 'x'.repeat(2000) });
    const begun = server.clock.now() - 3_600_000;
    await addPunch(server.core, guest.account.user_id, { project: '<i>tea</i>', in: begun, out: null, rate: 0 });
    const { text } = await guest.visit('/dashboard');
    expect(text).toMatch(/Values<\/a><\/h3><p class="figure">1</);
    expect(text).toMatch(/1 token, 1 browser/);
    expect(text).toMatch(/Storage used<\/h3><p class="figure">2.\d\sKiB</);
    expect(text).toMatch(/<p class="figure">1:00<\/p><p><span class="badge good">running<\/span> <bdi>&lt;i&gt;tea/);
    expect(text).not.toContain('First steps');
  });

  it('has only what the server speaks', async () => {
    const off = { VERSTAK_ENABLED: 'false', PUNCH_ENABLED: 'false', SIMPLE_SYNC_ENABLED: 'false' };
    const { server } = await openServer(engine, { options: { ...ROOMY, ...off } });
    const guest = await newGuest(server);
    const { text } = await guest.visit('/dashboard');
    expect(text).not.toMatch(/Your devices|\/punches|\/events/);
    expect(text).toContain('/dotfiles');
    const csrf_token = guest.cookies.get('/ csrf_token') ?? '';
    const Cookie = `user_session=${guest.cookies.get('/ user_session')}; csrf_token=${csrf_token}`;
    const body = new URLSearchParams({ password: PASSWORD, csrf_token });
    const path = actionOf(`dev_${'0'.repeat(24)}`);
    const answer = await fetch(server.url + path, { method: 'POST', body, headers: { Cookie, Accept: 'text/html' } });
    expect(answer.status).toBe(404);
  });
});
