import { expect, test } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import { auditSpec } from '../../src/core/collections.ts';
import { createAclStore, loadAcl } from '../../src/core/members/acl/store.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { type Guest, newAdminGuest, ROOMY } from './people.ts';

const MARKUP = `<script>alert("x")</script>`;

const rulesIn = async ({ core }: TestServer) =>
  (await loadAcl(core)).rules.map(({ user, item, action, allow }) => `${user}/${item}/${action} ${allow ? '+' : '-'}`);

async function setRules({ core }: TestServer, texts: readonly string[]): Promise<void> {
  const rules = texts.map(text => {
    const [user = '', item = '', action = ''] = text.slice(0, -2).split('/');
    return { user, item, action, allow: text.endsWith('+') };
  });
  await createAclStore(core, () => '').replace(rules);
}

const add = (root: Guest, fields: Record<string, string> = {}) =>
  root.send('/admin/acl/add', { user: 'ann', item: 'i', action: 'a', verdict: 'deny', number: '1', ...fields });

forEachEngine('the pages of access rules', engine => {
  async function opened() {
    const served = await openServer(engine, { options: ROOMY });
    return { ...served, root: await newAdminGuest(served.server) };
  }

  test('add, change, move and delete rules, and say so', async () => {
    const { server, root } = await opened();
    await root.visit('/admin/acl');
    expect((await add(root)).text).toContain('The rule is added.');
    await add(root, { item: 'task-*', verdict: 'allow', number: '3' });
    expect(await rulesIn(server)).toEqual(['ann/i/a -', '*/*/* +', 'ann/task-*/a +']);
    expect((await root.send('/admin/acl/move', { up: '3' })).text).toContain('The rule is moved.');
    await root.send('/admin/acl/move', { down: '1' });
    expect(await rulesIn(server)).toEqual(['ann/task-*/a +', 'ann/i/a -', '*/*/* +']);
    await root.visit('/admin/acl/2');
    expect((await root.send('/admin/acl/2/change', { item: 'j', verdict: 'allow' })).text).toContain('is changed');
    await root.visit('/admin/acl/3');
    await root.send('/admin/acl/3/place', { number: '1' });
    expect(await rulesIn(server)).toEqual(['*/*/* +', 'ann/task-*/a +', 'ann/j/a +']);
    await root.visit('/admin/acl/1');
    expect((await root.send('/admin/acl/1/delete')).text).toContain('The rule is deleted.');
    expect(await rulesIn(server)).toEqual(['ann/task-*/a +', 'ann/j/a +']);
    const log = await server.core.storage.collection(auditSpec).scan({ limit: 100 });
    const events = log.items.map(({ event }) => event);
    expect(events.filter(event => event === 'acl_updated')).toHaveLength(7);
    expect(events.filter(event => event === 'acl_read')).toHaveLength(1);
  });

  test('tell the second of two admins, and keep what he typed', async () => {
    const { server, root } = await opened();
    const other = await newAdminGuest(server);
    await root.visit('/admin/acl');
    await other.visit('/admin/acl');
    await add(root);
    const late = await add(other, { user: 'late', item: MARKUP });
    expect([late.status, late.text.includes('Somebody else has changed the rules')]).toEqual([409, true]);
    expect(late.text).toContain('value="late"');
    expect(late.text).not.toContain(MARKUP);
    expect(await rulesIn(server)).toEqual(['ann/i/a -', '*/*/* +']);
    // What he sees now is what there is: the same form does it.
    const again = await other.send('/admin/acl/add');
    expect([again.status, (await rulesIn(server)).length]).toEqual([200, 3]);
    await root.visit('/admin/acl/1');
    await other.visit('/admin/acl/1');
    await other.send('/admin/acl/1/delete');
    const stale = await root.send('/admin/acl/1/change', { user: 'mine' });
    expect([stale.status, stale.text.includes('value="mine"')]).toEqual([409, true]);
    await root.visit('/admin/acl/2');
    await setRules(server, ['a/b/c +']);
    const gone = await root.send('/admin/acl/2/delete');
    expect([gone.status, gone.text.includes('Somebody else has changed')]).toEqual([409, true]);
    expect(await rulesIn(server)).toEqual(['a/b/c +']);
  });

  test('refuse what is no rule or no place, at its field', async () => {
    const { server, root } = await opened();
    const before = await rulesIn(server);
    const tell = async (fields: Record<string, string>) => {
      await root.visit('/admin/acl');
      const page = await add(root, fields);
      return [page.status, /name="(\w+)"[^>]*aria-invalid/.exec(page.text)?.[1]];
    };
    expect(await tell({ user: '' })).toEqual([400, 'user']);
    expect(await tell({ item: 'a*b' })).toEqual([400, 'item']);
    expect(await tell({ action: 'a\u0001' })).toEqual([400, 'action']);
    for (const number of ['0', '3', '-1', '1.5', 'x', '']) expect(await tell({ number })).toEqual([404, 'number']);
    expect(await tell({ verdict: 'maybe' })).toEqual([400, undefined]);
    await root.visit('/admin/acl');
    for (const fields of ['up=1', 'down=1', 'up=x', '']) {
      const given = Object.fromEntries(new URLSearchParams(fields));
      expect((await root.send('/admin/acl/move', given)).status).toBe(404);
    }
    for (const number of ['0', '2', 'x', '1e3', '%00']) {
      expect((await root.visit(`/admin/acl/${number}`)).status).toBe(404);
    }
    expect(await rulesIn(server)).toEqual(before);
  });

  test('try the rules: allowed or not, and by which', async () => {
    const { server, root } = await opened();
    await createAccount(server.core, { username: 'sam', uuid: 'sam-1', simple_sync: true });
    await createAccount(server.core, { username: 'stranger' });
    await setRules(server, ['sam-1/secret/* -', 'sam*/*/edit +']);
    const ask = async (user: string, item: string, action: string) => {
      const { text } = await root.visit(`/admin/acl?${new URLSearchParams({ user, item, action })}`);
      const told = /<p class="notice (good|bad)" role="status">(.*?)<\/p>/.exec(text);
      return `${told?.[1]} ${told?.[2]?.replace(/<[^>]*>/g, '')}`;
    };
    expect(await ask('sam', 'x', 'edit')).toBe('good allowed: by rule 2. Rules know sam as sam-1.');
    expect(await ask('sam-1', 'secret', 'edit')).toBe('bad denied: by rule 1. Rules know sam as sam-1.');
    expect(await ask('sam-2', 'x', 'make')).toBe('bad denied: no rule matches. No account has this name or id.');
    expect(await ask('stranger', 'x', 'edit')).toContain('bad denied: this account is no member.');
    expect(await ask(root.account.username ?? '', 'x', 'y')).toContain('good allowed: the rules are not asked');
    expect(await ask(MARKUP, MARKUP, MARKUP)).toContain('no rule matches');
    expect(root.page().text).not.toContain(MARKUP);
  });

  test('show many and long rules in pages of a moderate size', async () => {
    const { server, root } = await opened();
    const many = Array.from({ length: 60 }, (_, i) => `u${i}/${i === 3 ? 'x'.repeat(9000) : `${MARKUP}${i}`}/a +`);
    await setRules(
      server,
      many.map(text => text.replaceAll('</', '<|').replaceAll('|', '')),
    );
    const pages = [1, 2, 3].map(page => root.visit(`/admin/acl?page=${page}`));
    const texts = (await Promise.all(pages)).map(({ text }) => text);
    for (const text of texts) {
      expect(text.length).toBeLessThan(60_000);
      expect(text).not.toContain('<script>alert');
    }
    const users = texts.flatMap(text => [...text.matchAll(/<code>(u\d+)<\/code>/g)].map(([, user]) => user));
    expect(users).toEqual(many.map((_, i) => `u${i}`));
    const long = await root.visit('/admin/acl/4');
    expect([long.status, long.text.includes('too long for a form')]).toEqual([200, true]);
  });
});
