import { expect, test } from 'vitest';
import { createHistory } from '../../src/core/events/history/history.ts';
import { createAclStore } from '../../src/core/members/acl/store.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newAdminGuest, newGuest, ROOMY } from './people.ts';
import { newVisitor, unescaped } from './visitor.ts';

const MARKUP = `<script>alert("x")</script>'"&<b>`;

async function addEvents(server: TestServer, userUuid: string, given: object[]): Promise<void> {
  const timestamp = Math.floor(server.clock.now() / 1000);
  const events = given.map((event, i) => ({
    uuid: `${userUuid} ${Math.random()} ${i}`,
    timestamp,
    itemUuid: 'item',
    action: 'create',
    payload: '',
    ...event,
  }));
  await createHistory(server.core).add(userUuid, events);
}

const member = (server: TestServer, uuid?: string) => newGuest(server, { simple_sync: true, ...(uuid && { uuid }) });
const items = (page: string) =>
  [...(page.split('<h2>')[0] ?? '').matchAll(/data-label="Item">(?:<a[^>]*>)?([^<]*)</g)].map(([, item]) => item);
const linkTo = (page: string, label: string) =>
  unescaped(new RegExp(`href="([^"]*)"[^>]*>${label}<`).exec(page)?.[1] ?? '');

forEachEngine('the page of events', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('shows members the newest first, in pages that neither skip nor repeat, whatever comes in between', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const ann = await member(server);
    const bob = await member(server);
    expect((await ann.visit('/events')).text).toContain('Nothing has happened yet');
    const timestamp = Math.floor(server.clock.now() / 1000);
    const numbered = Array.from({ length: 70 }, (_, i) => ({ itemUuid: `i${i}`, timestamp: timestamp - 70 + i }));
    await addEvents(server, bob.account.user_id, numbered);
    const seen: (string | undefined)[] = [];
    let page = await ann.visit('/events');
    for (let turn = 0; turn < 3; turn++) {
      seen.push(...items(page.text));
      await addEvents(server, bob.account.user_id, [{ itemUuid: `new${turn}`, timestamp: timestamp + 1 }]);
      await server.tidy('atStart');
      const older = linkTo(page.text, 'Older events');
      if (turn < 2) page = await ann.visit(older);
      else expect(older).toBe('');
    }
    expect(seen).toEqual(numbered.map(({ itemUuid }) => itemUuid).reverse());
    expect(items((await ann.visit(linkTo(page.text, 'To the newest'))).text)[0]).toBe('new2');
    expect(page.text).toContain(`>${bob.account.username}<`);
    expect((await ann.visit('/dashboard')).text).toContain('73');
  });

  test('filters by item, user and action, and keeps the filters from page to page', async () => {
    const { server } = served;
    const ann = await member(server, 'uuid of ann');
    const mine = Array.from({ length: 40 }, (_, i) => ({ itemUuid: i % 2 ? 'a b&c' : 'other', action: `act${i % 4}` }));
    await addEvents(server, 'uuid of ann', mine);
    await addEvents(server, 'somebody', [{ itemUuid: 'a b&c', action: 'act1' }]);
    const filter = (given: Record<string, string>) => ann.visit(`/events?${new URLSearchParams(given)}`);
    const name = ann.account.username ?? '';
    expect(items((await filter({ user: name, item: 'a b&c' })).text)).toHaveLength(20);
    expect(items((await filter({ user: 'uuid of ann', item: 'a b&c', action: 'act1' })).text)).toHaveLength(10);
    expect(items((await filter({ item: 'a b&c', action: 'act1' })).text)).toHaveLength(11);
    expect((await filter({ item: 'nowhere' })).text).toContain('Nothing matches.');
    const first = await filter({ user: name });
    expect(items(first.text)).toHaveLength(30);
    const second = await ann.visit(linkTo(first.text, 'Older events'));
    expect([items(second.text).length, linkTo(second.text, 'Older events')]).toEqual([10, '']);
    expect(second.text).toContain(`name="user" id="user" value="${name}"`);
    expect((await filter({ cursor: 'x' })).status).toBe(400);
    expect((await ann.visit('/events?item=a&item=b&user=%00&action=')).status).toBe(200);
  });

  test('shows an event with readable content, and gives that out as a file', async () => {
    const { server } = served;
    const ann = await member(server);
    const payload = '{"n":12345678901234567890,"list":[1,{"t":"a,b: {\\"c\\"}"}],"e":{},"f":[]}';
    await addEvents(server, ann.account.user_id, [
      { itemUuid: 'deep', payload },
      { itemUuid: 'long', payload: 'x'.repeat(50_000) },
    ]);
    const at = async (item: string) =>
      /href="(\/events\/\d{28})"/.exec((await ann.visit(`/events?item=${item}`)).text)?.[1] ?? '';
    const page = await ann.visit(await at('deep'));
    expect(unescaped(page.text)).toContain(
      '{\n  "n": 12345678901234567890,\n  "list": [\n    1,\n    {\n      "t": "a,b: {\\"c\\"}"\n    }\n  ],\n  "e": {},\n  "f": []\n}',
    );
    const file = await ann.visit(`${await at('deep')}/payload`);
    expect([file.text, file.headers.get('Content-Type'), file.headers.get('X-Content-Type-Options')]).toEqual([
      payload,
      'application/octet-stream',
      'nosniff',
    ]);
    expect(file.headers.get('Content-Disposition')).toMatch(/^attachment; /);
    const long = await ann.visit(await at('long'));
    expect(long.text).toContain('Only the beginning is shown.');
    expect(long.text.length).toBeLessThan(60_000);
    for (const path of ['x', '0'.repeat(28), '%00', `${'1'.repeat(28)}/payload`]) {
      expect((await ann.visit(`/events/${path}`)).status).toBe(404);
    }
  });

  test('shows nothing to who is no member, and tells how to become one', async () => {
    const { server } = served;
    const ann = await member(server);
    await addEvents(server, ann.account.user_id, [{ itemUuid: 'secret' }]);
    const at = /href="(\/events\/\d{28})"/.exec((await ann.visit('/events?item=secret')).text)?.[1] ?? '';
    const guest = await newGuest(server);
    for (const path of ['/events', at, `${at}/payload`]) {
      const page = await guest.visit(path);
      expect([page.status, page.text.includes('An admin of this server can let you in')]).toEqual([403, true]);
      expect(page.text).not.toContain('secret');
    }
    expect((await newVisitor(server).look('/events')).location).toBe('/login');
    expect((await newAdminGuest(server)).account.admin).toBe(true);
  });

  test('is for everybody where everybody is a member, and is not there without the API', async () => {
    const all = await openServer(engine, { options: { ...ROOMY, SIMPLE_SYNC_OPEN_TO: 'all' } });
    expect((await (await newGuest(all.server)).visit('/events')).status).toBe(200);
    const off = await openServer(engine, { options: { ...ROOMY, SIMPLE_SYNC_ENABLED: 'false' } });
    const guest = await newGuest(off.server, { simple_sync: true });
    expect((await guest.visit('/events')).status).toBe(404);
  });

  test('tells the rules that are about me', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const ann = await member(server, 'ann-1');
    await createAclStore(server.core, () => '').replace([
      { user: 'bob', item: 'of bob', action: '*', allow: true },
      { user: 'ann*', item: 'task-*', action: 'edit', allow: true },
      { user: '*', item: MARKUP.replace('*', ''), action: '*', allow: false },
    ]);
    const { text } = await ann.visit('/events');
    expect(text).toContain('They know you as ann-1.');
    expect(text).toContain('task-*');
    expect(text).not.toContain('of bob');
    expect(text).not.toContain('<script>alert');
    expect((text.match(/badge good">allowed/g) ?? []).length).toBe(1);
  });

  test('shows what clients send as text, however it looks', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const ann = await member(server, MARKUP);
    const huge = '"'.repeat(6_000);
    await addEvents(server, MARKUP, [{ itemUuid: MARKUP, action: MARKUP, payload: MARKUP }]);
    // A server of MongoDB may be slow.
    for (let i = 0; i < (engine.name === 'embedded' ? 29 : 5); i++)
      await addEvents(server, MARKUP, [{ itemUuid: huge, action: huge, payload: huge }]);
    const page = await ann.visit('/events');
    expect(page.text).not.toMatch(/<script>alert|<b>/);
    expect(unescaped(page.text)).toContain(MARKUP);
    expect(page.text.length).toBeLessThan(100_000);
    const one = await ann.visit(`/events/${/\/events\/(\d{28})"/.exec(page.text)?.[1]}`);
    expect(one.status).toBe(200);
    const russian = await ann.visit('/events', { 'Accept-Language': 'ru' });
    expect(russian.text).toContain('Что вам можно добавлять');
  });
});
