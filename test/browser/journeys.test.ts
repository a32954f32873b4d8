import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collections } from '../../src/app.ts';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { testClock } from '../support/clock.ts';
import { embedded } from '../support/engines.ts';
import { newName } from '../support/served.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { PASSWORD, ROOMY } from '../web/people.ts';
import { inBrowser, type Opened } from './chromium.ts';

const NOW = Date.UTC(2026, 10, 26, 15, 20);

/** What a person does on a page, by what stands there. */
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true }).first().click();
const follow = (page: Page, name: string | RegExp) => page.locator('main').getByRole('link', { name }).first().click();
const type = (page: Page, label: string | RegExp, text: string) =>
  page
    .locator('main')
    .getByLabel(label, { exact: typeof label === 'string' })
    .first()
    .fill(text);
const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();

async function signIn(page: Page, username: string, password = PASSWORD, at = '/login'): Promise<void> {
  await page.goto(at);
  await page.fill('[name=username]', username);
  await page.fill('[name=password]', password);
  await page.locator('main button').click();
  await page.waitForURL(/dashboard/);
}

/** The link in the last mail to somebody, as a path. */
async function mailed(server: TestServer, email: string): Promise<string> {
  const mail = (await server.mails()).filter(({ to }) => to === email).at(-1);
  const { pathname, search } = new URL(/https?:\/\/\S+/.exec(mail?.text ?? '')?.[0] ?? '');
  return pathname + search;
}

inBrowser('a journey', open => {
  // All travel on one server, each under names of its own.
  let server: TestServer;
  let opened: Awaited<ReturnType<typeof embedded.open>>;
  beforeAll(async () => {
    opened = await embedded.open({ specs: collections, clock: testClock(NOW) });
    server = await startServer(opened, { options: ROOMY });
  });
  afterAll(async () => {
    await server.stop();
    await opened.cleanup();
  });

  for (const javaScriptEnabled of [true, false]) {
    describe(javaScriptEnabled ? 'with scripts' : 'without scripts', () => {
      const travel = (name: string, go: (server: TestServer, at: Opened) => Promise<void>) =>
        it(name, async () => {
          const at = await open(server.url, { javaScriptEnabled });
          await go(server, at);
          expect(at.troubles).toEqual([]);
          await at.context.close();
        });

      travel(
        'registers, signs in, makes a token, and changes a value that a program changes too',
        async (server, { page }) => {
          const username = newName();
          const email = `${username}@example.org`;
          await page.goto('/');
          await follow(page, 'Make an account');
          await type(page, 'User name', username);
          await type(page, 'E-mail', email);
          await type(page, 'Password', PASSWORD);
          await press(page, 'Make the account');
          await heading(page, 'Check your mailbox');
          await page.goto(await mailed(server, email));
          await press(page, 'Confirm');
          await heading(page, 'Your e-mail is confirmed');
          await signIn(page, username);
          await page.goto('/tokens');
          await type(page, /program|client|whom/i, 'laptop');
          await page.locator('form[action="/tokens"] button').click();
          const token = (await page.locator('#secret').textContent()) ?? '';
          const headers = { Authorization: `Bearer ${token.trim()}` };
          const store = (value: unknown) => server.request('POST', '/user/me/store/notes.first', { value }, headers);
          expect((await store('hello')).status).toBe(200);
          await page.goto('/data');
          await follow(page, 'notes.');
          await follow(page, 'first');
          await shows(page, 'hello');
          await follow(page, 'Edit');
          await store('from the program');
          await page.fill('#value', 'from the page');
          await press(page, 'Save');
          await shows(page, 'from the program');
          await page.locator('form[action="/data/edit"] button').click();
          await page.getByRole('status').waitFor();
          expect((await server.request('GET', '/user/me/store/notes.first', undefined, headers)).json).toEqual({
            value: 'from the page',
          });
          await page.goto('/data/entry?key=notes.first');
          await follow(page, 'Delete');
          await page.locator('form[action="/data/delete"] button').click();
          await page.getByRole('status').waitFor();
          expect((await server.request('GET', '/user/me/store/notes.first', undefined, headers)).status).toBe(404);
        },
      );

      travel(
        'sees the week fill from a Punch client, and the client takes over what was changed here',
        async (server, { page }) => {
          const username = newName();
          await createAccount(server.core, { username, password: PASSWORD });
          const login = await server.request('POST', '/token', { username, password: PASSWORD });
          const headers = { Authorization: `Bearer ${login.json.token.token}` };
          const id = randomUUID();
          const punch = {
            id,
            project: 'Bakery',
            in: NOW - 7_200_000,
            out: NOW - 3_600_000,
            rate: 60,
            comments: [],
            created: NOW,
            updated: NOW,
          };
          await server.request('POST', '/api/v1/sync/upload', { punches: [punch] }, headers);
          await signIn(page, username);
          await page.goto('/punches');
          await page.locator('main svg.chart').first().waitFor();
          await page.goto(`/punches/${id}`);
          await page.fill('[name=project]', 'Garden');
          await press(page, 'Save');
          await page.getByRole('status').waitFor();
          const manifest = (await server.request('GET', '/api/v1/sync/manifest', undefined, headers)).json.data;
          expect(manifest[id]).toBeGreaterThan(NOW);
          const taken = await server.request('POST', '/api/v1/sync/download', { ids: [id] }, headers);
          expect(taken.json.data.punches).toMatchObject([{ ...punch, project: 'Garden', updated: manifest[id] }]);
        },
      );

      travel('revokes a device, which is refused at its next request', async (server, { page }) => {
        const username = newName();
        await createAccount(server.core, { username, password: PASSWORD });
        const pair = {
          login: username,
          password: PASSWORD,
          device_name: 'Phone',
          client_version: '1',
          vault_id: 'Notes',
        };
        const { device_token } = (await server.request('POST', '/api/client/pair', pair)).json;
        const me = () =>
          server.request('GET', '/api/client/me', undefined, { Authorization: `Bearer ${device_token}` });
        expect((await me()).status).toBe(200);
        await signIn(page, username);
        await page.locator('#devices summary').first().click();
        await page.locator('#devices [name=password]').first().fill('wrong');
        await page.locator('#devices form[method=post] button').first().click();
        await shows(page, /password/i);
        expect((await me()).status).toBe(200);
        await page.goto('/dashboard');
        await page.locator('#devices summary').first().click();
        await page.locator('#devices [name=password]').first().fill(PASSWORD);
        await page.locator('#devices form[method=post] button').first().click();
        await page.waitForURL(/dashboard/);
        expect((await me()).status).toBe(401);
      });

      travel('gets another password by mail', async (server, { page }) => {
        const username = newName();
        const email = `${username}@example.org`;
        await createAccount(server.core, { username, password: PASSWORD, email });
        await page.goto('/login');
        await follow(page, 'Forgot your password?');
        await type(page, 'E-mail', email);
        await press(page, 'Send the link');
        await heading(page, 'Check your mailbox');
        await page.goto(await mailed(server, email));
        await page.fill('[name=password]', 'another horse');
        await page.fill('[name=confirm]', 'another horse');
        await press(page, 'Set the password');
        await heading(page, 'The password is set');
        await signIn(page, username, 'another horse');
      });

      travel('of an admin makes, blocks and deletes an account', async (server, { page }) => {
        const [root, ann] = [newName(), newName()];
        await createAccount(server.core, { username: root, password: PASSWORD, admin: true });
        const token = () =>
          server.request('POST', '/token', { username: ann, password: PASSWORD }).then(({ status }) => status);
        await signIn(page, root, PASSWORD, '/admin/login');
        await page.goto('/admin/create-user');
        await page.fill('[name=username]', ann);
        await page.fill('[name=email]', `${ann}@example.org`);
        await page.fill('main [name=password]', PASSWORD);
        await page.locator('form[action="/admin/create-user"] button').click();
        await page.getByRole('status').waitFor();
        expect(await token()).toBe(200);
        for (const [action, status] of [
          ['toggle-user', 403],
          ['toggle-user', 200],
          ['reset-user-password', 403],
          ['delete-user', 403],
        ] as const) {
          await page.goto(`/admin/users?q=${ann}`);
          await page.locator('main table').getByRole('link', { name: ann }).first().click();
          const form = page.locator(`form:has([name=action][value="${action}"])`);
          await page.locator(`details:has([name=action][value="${action}"]) summary`).click();
          await form.locator('[name=password]').fill(PASSWORD);
          await form.locator('button').click();
          await page.waitForURL(action === 'reset-user-password' ? /password-result/ : /users/);
          if (action === 'reset-user-password') await generated(page, server, ann, javaScriptEnabled);
          expect([action, await token()]).toEqual([action, status]);
        }
      });

      travel('of an admin ends with a rule that denies an event', async (server, { page }) => {
        const [root, username] = [newName(), newName()];
        const item = `task of ${username}`;
        await createAccount(server.core, { username: root, password: PASSWORD, admin: true });
        await createAccount(server.core, { username, password: PASSWORD, simple_sync: true });
        const { token } = (await server.request('POST', '/api/v1/auth/token', { username, password: PASSWORD })).json;
        const event = (action: string) => [
          {
            uuid: randomUUID(),
            timestamp: Math.floor(NOW / 1000),
            userUuid: 'u',
            itemUuid: item,
            action,
            payload: '{}',
          },
        ];
        const push = (action: string) =>
          server
            .request('POST', '/api/v1/events', event(action), { Authorization: `Bearer ${token}` })
            .then(({ status }) => status);
        expect(await push('delete')).toBe(200);
        await signIn(page, root, PASSWORD, '/admin/login');
        await page.goto('/admin/acl');
        const form = page.locator('form[action="/admin/acl/add"]');
        await form.locator('[name=user]').fill('*');
        await form.locator('[name=item]').fill(item);
        await form.locator('[name=action]').fill('delete');
        await form.locator('[name=verdict]').selectOption('deny');
        await form.locator('button').click();
        await page.getByRole('status').first().waitFor();
        expect([await push('delete'), await push('update')]).toEqual([403, 200]);
      });

      travel('chooses another language, and goes on in it', async (_, { page }) => {
        await page.goto('/login');
        await page.selectOption('#locale', 'ru');
        if (!javaScriptEnabled) await page.locator('footer button').click();
        await heading(page, 'Вход');
        await page.goto('/register');
        await heading(page, 'Новая учётная запись');
      });
    });
  }
});

/** The generated password is shown, once, and opens the account. */
async function generated(page: Page, server: TestServer, username: string, scripts: boolean): Promise<void> {
  if (!scripts) await page.locator('main form button').first().click();
  const shown = page.locator('#secret');
  await shown.waitFor();
  const password = ((await shown.textContent()) ?? '').trim();
  const login = await server.request('POST', '/token', { username, password });
  expect([password.length > 8, login.status]).toEqual([true, 200]);
}
