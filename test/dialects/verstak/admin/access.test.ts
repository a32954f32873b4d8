import { expect, it } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { sharedServer } from '../../../support/served.ts';
import { BROWSER, browse } from '../accounts/open-accounts.ts';
import { newAccount, ROOMY } from '../open-verstak.ts';
import { JSON_BODY, signInAdmin } from './open-admin.ts';

const LOOKS = ['/admin/api/stats', '/admin/api/users', '/admin/api/devices', '/admin/api/keys'];

/** Changes of an account, or of nothing that is there. */
const CHANGES: readonly [method: string, path: string][] = [
  ['POST', '/admin/api/users/create'],
  ['POST', '/admin/api/users/ID/block'],
  ['POST', '/admin/api/users/ID/reset-password'],
  ['POST', '/admin/api/users/ID/edit'],
  ['DELETE', '/admin/api/users/ID'],
  ['DELETE', '/admin/api/keys/dev_0'],
  ['POST', '/admin/api/smtp'],
  ['POST', '/admin/api/smtp/test'],
];

forEachEngine('what only admins may do', engine => {
  const served = sharedServer(engine, { options: ROOMY });
  const send = (method: string, path: string, headers: Record<string, string> = {}) =>
    served.server.request(method, path, method === 'GET' ? undefined : {}, headers);

  it.each([...LOOKS.map(path => ['GET', path] as const), ...CHANGES])(
    'takes a session: %s %s',
    async (method, path) => {
      const answer = await send(method, path);
      expect(answer.status).toBe(401);
      expect(answer.json).toEqual({ error: expect.any(String), code: 'unauthorized' });
      const page = await fetch(served.server.url + path, { method, redirect: 'manual', headers: BROWSER });
      expect([page.status, page.headers.get('Location')]).toEqual([302, '/admin/login']);
    },
  );

  it.each(CHANGES)('takes a page of this server to send it: %s %s', async (method, path) => {
    const { cookies, headers } = await signInAdmin(served.server);
    const account = await newAccount(served.server);
    const target = path.replace('ID', account.user_id);
    for (const given of [
      cookies,
      { ...cookies, 'X-CSRF-Token': 'c'.repeat(64) },
      { ...headers, Origin: 'https://evil.example' },
      { ...headers, Cookie: headers.Cookie.replace(/csrf_token=.*/, `csrf_token=${'c'.repeat(64)}`) },
    ]) {
      const answer = await send(method, target, given);
      expect([answer.status, answer.json?.code]).toEqual([403, 'csrf_invalid']);
    }
    const { users } = await (await signInAdmin(served.server)).look(`/admin/api/users?filter=${account.username}`);
    expect(users).toMatchObject([{ id: account.user_id, blocked: 0 }]);
  });

  it.each(LOOKS)('stays out of caches: %s', async path => {
    const { cookies } = await signInAdmin(served.server);
    const answer = await send('GET', path, cookies);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Cache-Control')).toBe('no-store');
    expect(answer.headers.get('Content-Type')).toMatch('application/json');
  });

  it('answers errors in JSON, to browsers too', async () => {
    const { cookies, headers } = await signInAdmin(served.server);
    const unknown = await browse(served.server, '/admin/api/nothing', { headers: cookies });
    expect(unknown.status).toBe(404);
    expect(JSON.parse(unknown.text)).toEqual({ error: expect.any(String), code: 'not_found' });
    const nobody = await send('DELETE', '/admin/api/users/nobody', { ...headers, Accept: BROWSER.Accept });
    expect([nobody.status, nobody.json]).toEqual([404, { error: expect.any(String), code: 'not_found' }]);
    const broken = await served.server.request('POST', '/admin/api/users/create', '{', { ...headers, ...JSON_BODY });
    expect([broken.status, broken.json.code]).toEqual([400, 'invalid_json']);
  });

  it('has one method a path', async () => {
    const answer = await send('POST', '/admin/api/stats');
    expect([answer.status, answer.json.code, answer.headers.get('Allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD',
    ]);
  });
});
