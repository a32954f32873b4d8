import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from 'vitest';
import { type Column, labelSheet, lists } from '../../src/web/columns.ts';
import type { WebDeps } from '../../src/web/deps.ts';
import type { Messages } from '../../src/web/i18n/message.ts';
import { messages, translator } from '../../src/web/i18n/messages.ts';
import { loadWeb } from '../../src/web/index.ts';
import { LINKED, OPEN, PAGES } from '../../src/web/mount/table.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { newAdminGuest, newGuest, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

const WEB = fileURLToPath(new URL('../../src/web/', import.meta.url));
const files = (ending: string) =>
  readdirSync(WEB, { recursive: true })
    .map(String)
    .filter(name => name.endsWith(ending));
const read = (name: string) => readFileSync(WEB + name, 'utf8');

const keysOf = (of: Messages) =>
  Object.entries(of).flatMap(([subject, texts]) => Object.keys(texts).map(name => `${subject}.${name}`));

test('both languages have the same messages, with the same values in them', () => {
  expect(keysOf(messages.ru).sort()).toEqual(keysOf(messages.en).sort());
  const holes = (message: unknown) => [...new Set(JSON.stringify(message).match(/\{\w+\}/g))].sort();
  for (const [subject, texts] of Object.entries(messages.en)) {
    for (const [name, message] of Object.entries(texts)) {
      expect([subject, name, holes(messages.ru[subject]?.[name])]).toEqual([subject, name, holes(message)]);
    }
  }
});

test('every message that a view or a page names exists', () => {
  const known = new Set(keysOf(messages.en));
  const missing = [...files('.eta'), ...files('.ts')].flatMap(file =>
    [...read(file).matchAll(/\bt\(\s*(?:[^'"`()]*\?\s*)?'([\w.-]+)'(?:\s*:\s*'([\w.-]+)')?/g)]
      .flatMap(([, one, other]) => [one, other])
      .filter(key => key?.includes('.') && !known.has(key))
      .map(key => `${file}: ${key}`),
  );
  expect(missing).toEqual([]);
});

test('a number picks the form of its words', () => {
  const ru = translator('ru');
  expect([1, 3, 5, 21].map(count => ru('error.again', { count }))).toEqual([
    'Попробуйте через 1 секунду.',
    'Попробуйте через 3 секунды.',
    'Попробуйте через 5 секунд.',
    'Попробуйте через 21 секунду.',
  ]);
});

test('no view puts anything out as it is, and none has a script, a style or a handler in it', () => {
  for (const file of files('.eta')) {
    expect([file, /<%~|\bstyle=|\son\w+=|<style|<script(?! src)/.exec(read(file))?.[0]]).toEqual([file, undefined]);
  }
});

test('what a browser loads is small', () => {
  const bytes = (ending: string) => files(ending).reduce((sum, name) => sum + statSync(WEB + name).size, 0);
  expect(bytes('.css')).toBeLessThan(12 * 1024);
  const scripts = readdirSync(`${WEB}assets`).filter(name => name.endsWith('.js'));
  expect(scripts.reduce((sum, name) => sum + statSync(`${WEB}assets/${name}`).size, 0)).toBeLessThan(15 * 1024);
});

test('every page that there is can be reached, and what can be reached is there', async () => {
  const nothing = {} as never;
  const core = { settings: { valueBytes: 1 }, clock: {} } as never;
  const deps = { core, server: { limits: () => ({}) }, settings: nothing, origin: nothing } as never as WebDeps;
  const { routes } = loadWeb(deps);
  const kinds = new Map([...routes].map(([name, { kind = 'none' }]) => [name, kind]));
  const told = new Map([
    ...PAGES.map(name => [name, 'browser'] as const),
    ...LINKED.map(name => [name, 'linked'] as const),
    ...OPEN.map(name => [name, 'none'] as const),
  ]);
  expect([...told].sort()).toEqual([...kinds].sort());
});

forEachEngine('a page', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('has its headers, its language, and assets that browsers keep for a year', async () => {
    const visitor = newVisitor(served.server);
    const { headers, text } = await visitor.visit('/', { 'Accept-Language': 'ru,en;q=0.5' });
    expect(text).toContain('<html lang="ru">');
    expect(headers.get('Content-Security-Policy')).toMatch(/^default-src 'self';.* frame-ancestors 'none';/);
    expect(headers.get('Content-Security-Policy')).not.toContain('unsafe');
    expect([headers.get('X-Frame-Options'), headers.get('Referrer-Policy'), headers.get('Cache-Control')]).toEqual([
      'DENY',
      'same-origin',
      'no-store',
    ]);
    const assets = [...text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets).toHaveLength(3);
    for (const path of assets) {
      const asset = await visitor.look(path);
      expect([asset.status, asset.headers.get('Cache-Control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
    for (const name of ['style.css', '../view.ts', '%2e%2e%2fview.ts', '']) {
      expect((await visitor.look(`/static/${name}`)).status).toBe(404);
    }
  });

  it('leads who is signed in to the overview where something is not there, with the way of before', async () => {
    const guest = await newGuest(served.server);
    const admin = await newAdminGuest(served.server);
    for (const [person, missing, home, near] of [
      [guest, '/data/entry?key=none', '/dashboard', '/tokens'],
      [admin, '/admin/user/?id=none', '/admin', '/admin/audit'],
    ] as const) {
      const { status, text } = await person.look(missing);
      expect([missing, status]).toEqual([missing, 404]);
      expect(text).toContain(`<a class="button" href="${home}">To the overview</a>`);
      expect(text).toContain(`<a href="${near}">`);
    }
    expect((await newVisitor(served.server).look('/none')).text).toContain('href="/">To the start page</a>');
  });

  it('has them too where it leads elsewhere, is a file, or tells what went wrong', async () => {
    const guest = await newGuest(served.server);
    const [, style = ''] = /href="(\/static\/[^"]+\.css)"/.exec((await guest.visit('/dashboard')).text) ?? [];
    const stranger = newVisitor(served.server);
    const answers = [
      await stranger.look('/dashboard'),
      await stranger.look('/admin'),
      await stranger.look('/reset?token=none'),
      await stranger.look('/nowhere'),
      await stranger.look('/locale'),
      await guest.look('/login'),
      await guest.look('/punches/export.csv'),
      await guest.look('/account/export'),
      await guest.look(style),
      (await guest.visit('/dashboard')) && (await guest.submit('/logout')),
    ];
    for (const { headers } of answers) {
      expect(headers.get('Content-Security-Policy')).toMatch(/^default-src 'self';.* frame-ancestors 'none';/);
      expect(headers.get('X-Frame-Options')).toBe('DENY');
      expect(headers.get('Referrer-Policy')).toBe('same-origin');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    }
  });

  it('is in the language that somebody chose, until they choose that of the browser', async () => {
    const visitor = newVisitor(served.server);
    await visitor.visit('/login');
    const chosen = await visitor.submit('/locale', { locale: 'ru' });
    expect([chosen.status, chosen.location]).toEqual([303, '/login']);
    expect((await visitor.visit('/login')).text).toContain('<html lang="ru">');
    await visitor.send('/locale', { locale: 'system' });
    expect(visitor.page().text).toContain('<html lang="en">');
  });

  it('leads to no other host, whatever the form for the language says', async () => {
    for (const from of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '',
      '/a\nb',
    ]) {
      const visitor = newVisitor(served.server);
      await visitor.visit('/login');
      expect((await visitor.submit('/locale', { locale: 'ru', from })).location).toBe('/');
    }
    const visitor = newVisitor(served.server);
    await visitor.visit('/login');
    expect((await visitor.submit('/locale', { from: '/data?q=a%20b' })).location).toBe('/data?q=a%20b');
  });

  it('says what was done, from a list of such texts alone', async () => {
    const guest = await newGuest(served.server);
    expect((await guest.visit('/?done=<b>x</b>')).text).not.toContain('role="status"');
  });

  it('of an error tells the way out in HTML, and programs get JSON', async () => {
    const page = await newVisitor(served.server).visit('/nowhere');
    expect([page.status, page.text.includes('href="/"')]).toEqual([404, true]);
    const [known, admin] = [await newGuest(served.server), await newAdminGuest(served.server)];
    const missing = [await known.visit('/nowhere'), await admin.visit('/admin/nowhere'), await admin.visit('/nowhere')];
    const offers = ['/data"', '/admin/users"', '/login"'].map(href => missing.map(({ text }) => text.includes(href)));
    expect(offers).toEqual([[true, false, false], [false, true, false], [false, false, true]]); // biome-ignore format: a table
    const json = await fetch(`${served.server.url}/nowhere`);
    expect([json.status, await json.json()]).toEqual([404, { error: expect.any(String), code: 'not_found' }]);
  });

  it('stays below the path of the public URL', async () => {
    const options = { ...ROOMY, APP_PUBLIC_URL: 'https://example.org/keybin', APP_KEEP_PREFIX: 'true' };
    const { server } = await openServer(engine, { options });
    const page = await newVisitor(server).visit('/keybin/login');
    const links = [...page.text.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, path]) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const path of links) expect(path).toMatch(/^(\/keybin\/|#)/);
    expect(page.headers.getSetCookie()[0]).toContain('; Secure');
  });
});

test('the labels of cards are those of the columns, and a small style sheet', () => {
  for (const language of ['en', 'ru'] as const) {
    const sheet = labelSheet(language);
    expect(Buffer.byteLength(sheet)).toBeLessThan(4 * 1024);
    const t = translator(language);
    for (const [name, columns] of Object.entries<readonly Column[]>(lists)) {
      for (const [i, { label }] of [...columns.entries()].slice(1)) {
        expect(sheet).toContain(`.of-${name} td:nth-child(${i + 1})::before{content:"${t(label)} "}`);
      }
    }
  }
  const views = files('.eta').map(read).join('');
  for (const name of Object.keys(lists)) {
    expect([name, views.includes(`class="list of-${name}"`), views.includes(`{list: '${name}'}`)]).toEqual([
      name,
      true,
      true,
    ]);
  }
});
