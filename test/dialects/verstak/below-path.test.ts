import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { Browser, prefixProxy } from '../../support/prefix-proxy.ts';
import { openServer } from '../../support/served.ts';
import { newAdmin, signInAdmin } from './admin/open-admin.ts';
import { PASSWORD, ROOMY } from './open-verstak.ts';

const PERSON = { username: 'bea', email: 'bea@example.org', password: PASSWORD };

forEachEngine('a server below a path', engine => {
  async function open(prefix: string, { strip = true, slash = '' } = {}) {
    const proxy = await prefixProxy(prefix, { strip });
    const options: Record<string, string> = {
      ...ROOMY,
      APP_PUBLIC_URL: proxy.url + slash,
      ...(strip ? {} : { APP_KEEP_PREFIX: 'true' }),
    };
    const { server } = await openServer(engine, { options });
    proxy.leadTo(server.url);
    return { server, base: proxy.url, browser: new Browser() };
  }

  const cases: [string, string, { strip?: boolean; slash?: string }][] = [
    ['whose proxy takes it off', '/keybin', {}],
    ['that is given with a slash at its end', '/keybin', { slash: '/' }],
    ['whose proxy keeps it', '/keybin', { strip: false }],
    ['of several segments, kept', '/apps/k%C3%A9y-bin', { strip: false }],
  ];

  test.each(cases)('%s leads a newcomer from the mail to the end of the confirmation', async (_, prefix, how) => {
    const { server, base, browser } = await open(prefix, how);
    const registered = await fetch(`${base}/api/v1/auth/register`, { method: 'POST', body: JSON.stringify(PERSON) });
    expect(registered.status).toBe(200);
    const [mail] = await server.mails();
    const link = /https?:\S+token=\w+/.exec(mail?.text ?? '')?.[0] ?? '';
    expect(link.startsWith(`${base}/api/v1/auth/confirm?token=`)).toBe(true);
    const done = await browser.submit(await browser.go(link));
    expect([done.status, done.url]).toEqual([200, `${base}/confirm/result`]);
    expect(browser.paths).toEqual({ verstak_locale_csrf: `${prefix}/` });
  });

  test.each(cases)('%s signs an admin in, whose cookies stay below it', async (_, prefix, how) => {
    const { server, base, browser } = await open(prefix, how);
    const { username = '' } = await newAdmin(server);
    const entered = await browser.submit(await browser.go(`${base}/admin/login`), { username, password: PASSWORD });
    expect(entered.url).toBe(`${base}/admin/dashboard`);
    expect(browser.paths).toEqual({
      verstak_locale_csrf: `${prefix}/`,
      admin_session: `${prefix}/admin`,
      csrf_token: `${prefix}/admin`,
    });
    expect((await browser.go(`${base}/admin/api/stats`)).status).toBe(200);
    expect((await browser.go(`${base}/admin/login`)).url).toBe(`${base}/admin/dashboard`);
    const stranger = await new Browser().go(`${base}/admin/api/stats`);
    expect([stranger.status, stranger.url]).toEqual([200, `${base}/admin/login`]);
  });

  test('compares origins by the public URL without its path', async () => {
    const { server, base } = await open('/keybin');
    const admin = await signInAdmin(server);
    const change = (Origin: string) =>
      server.request('POST', '/admin/api/users/nobody/block', undefined, { ...admin.headers, Origin });
    expect((await change(new URL(base).origin)).status).toBe(404);
    expect((await change(base)).json.code).toBe('csrf_invalid');
  });

  test('whose proxy keeps it is nowhere else, but for its health', async () => {
    const { server } = await open('/keybin', { strip: false });
    for (const path of ['/livez', '/readyz', '/api/v1/health', '/livez?x', '/keybin/livez', '/keybin/readyz?x']) {
      expect([path, (await server.request('GET', path)).status]).toEqual([path, 200]);
    }
    for (const path of [
      '/user/x/keys',
      '/admin/login',
      '/keybinx/livez',
      '/Keybin/livez',
      '/keybin/keybin/livez',
      '/',
    ]) {
      expect([path, (await server.request('GET', path)).status]).toEqual([path, 404]);
    }
  });

  test('is moved by a new configuration, without a restart', async () => {
    const { server } = await open('/keybin', { strip: false });
    await server.configure({ APP_PUBLIC_URL: 'http://127.0.0.1/other' });
    expect((await server.request('GET', '/other/admin/login')).headers.getSetCookie()[0]).toContain('; Path=/other/; ');
    expect((await server.request('GET', '/keybin/admin/login')).status).toBe(404);
    await server.configure({ APP_PUBLIC_URL: '', APP_KEEP_PREFIX: 'false' });
    expect((await server.request('GET', '/admin/login')).headers.getSetCookie()[0]).toContain('; Path=/; ');
  });
});
