import { expect, test } from 'vitest';
import { setBlocked } from '../../../src/core/accounts/accounts.ts';
import { auditEvents } from '../../../src/core/audit/events.ts';
import { type AuditQuery, listAudit } from '../../../src/core/audit/list.ts';
import { createAudit } from '../../../src/core/audit/record.ts';
import { auditSpec } from '../../../src/core/collections.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { openCore } from '../open-core.ts';
import { device, person } from '../people.ts';

async function open(engine: Engine) {
  const { core, clock } = await openCore(engine);
  const [ann, bob] = [await person(core, 'Ann', { email: 'ann@example.org' }), await person(core, 'bob')];
  const { device_id } = await device(core, ann, { name: 'phone' });
  const audit = createAudit<string>(core, address => address);
  const record: typeof audit.record = async (...given) => {
    clock.advance(1000);
    await audit.record(...given);
  };
  await record('192.0.2.1', 'user_created', { accountId: ann.user_id });
  await record('192.0.2.2', 'device_auth_failed', { message: 'wrong login' });
  await record('192.0.2.1', 'device_paired', { accountId: ann.user_id, deviceId: device_id });
  await record('192.0.2.3', 'user_created', { accountId: bob.user_id, message: 'by root' });
  await record('192.0.2.3', 'user_block_changed', { accountId: 'gone' });
  const list = (query: Partial<AuditQuery> = {}) => listAudit(core, { page: 1, perPage: 25, ...query });
  const events = async (query: Partial<AuditQuery> = {}) => {
    const { items } = await list(query);
    return items.map(({ entry }) => entry.event);
  };
  return { core, ann, list, events, record };
}

forEachEngine('the audit log', engine => {
  test('is shown newest entry first, with the names of accounts and devices that are still there', async () => {
    const { list } = await open(engine);
    const { items, ...place } = await list();
    expect(place).toEqual({ total: 5, page: 1, pages: 1, perPage: 25, more: false });
    expect(items.map(({ entry, username, deviceName }) => [entry.event, username, deviceName])).toEqual([
      ['user_block_changed', undefined, undefined],
      ['user_created', 'bob', undefined],
      ['device_paired', 'Ann', 'phone'],
      ['device_auth_failed', undefined, undefined],
      ['user_created', 'Ann', undefined],
    ]);
  });

  test('comes in pages', async () => {
    const { events, list } = await open(engine);
    expect(await events({ page: 2, perPage: 2 })).toEqual(['device_paired', 'device_auth_failed']);
    expect(await list({ page: 9, perPage: 2 })).toMatchObject({ page: 3, pages: 3, total: 5 });
    expect(await list({ page: 2, perPage: 1, event: 'user_created' })).toMatchObject({
      total: 2,
      items: [{ username: 'Ann' }],
    });
  });

  test('is searched some entries at a time, none of which is skipped or comes twice whatever is added meanwhile', async () => {
    const { core, list, record } = await open(engine);
    const entries = Array.from({ length: 2000 }, (_, i) => {
      const message = i % 3 === 0 ? 'odd' : '';
      return { id: `i${i}`, at: new Date(i >> 2), event: 'user_updated', severity: 'info' as const, message };
    });
    for (let at = 0; at < entries.length; at += 250) {
      await core.storage.commit(entries.slice(at, at + 250).map(insert => ({ in: auditSpec, insert })));
    }
    const odd = entries.filter(({ message }) => message === 'odd').map(({ id }) => id);
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { items, search } = await list({ q: 'ODD', perPage: 70, after });
      found.push(...items.map(({ entry }) => entry.id));
      after = search?.next;
      await record('192.0.2.9', 'user_updated', { message: 'odd' });
    } while (after !== undefined);
    expect([found.length, new Set(found)]).toEqual([odd.length, new Set(odd)]);
    const { items, search } = await list({ q: 'nowhere' });
    expect([items, search]).toEqual([[], { lookedAt: 1500, next: expect.any(String) }]);
    expect(await list({ q: 'nowhere', after: search?.next })).toMatchObject({ items: [], search: { next: undefined } });
    expect((await list({ q: 'odd', after: 'nonsense' })).items).toHaveLength(25);
  });

  test('is filtered by event, severity, account and text, and by several of them', async () => {
    const { events, ann } = await open(engine);
    expect(await events({ event: 'user_created' })).toEqual(['user_created', 'user_created']);
    expect(await events({ severity: 'error' })).toEqual(['device_auth_failed']);
    expect(await events({ severity: 'warning' })).toEqual(['user_block_changed']);
    for (const user of ['Ann', 'ANN@example.org', ann.user_id]) {
      expect(await events({ user })).toEqual(['device_paired', 'user_created']);
    }
    expect(await events({ user: 'gone' })).toEqual(['user_block_changed']);
    expect(await events({ user: 'x\0' })).toEqual([]);
    expect(await events({ q: 'BY ROOT' })).toEqual(['user_created']);
    expect(await events({ q: '192.0.2.1' })).toEqual(['device_paired', 'user_created']);
    expect(await events({ user: 'Ann', event: 'user_created', severity: 'info' })).toEqual(['user_created']);
    expect(await events({ user: 'Ann', severity: 'error' })).toEqual([]);
  });

  test('reads the entries of one page only', async () => {
    const { core, list } = await open(engine);
    const entries = core.storage.collection(auditSpec);
    for (let i = 0; i < 30; i++) {
      const entry = { id: `i${i}`, at: new Date(i), event: 'user_updated', severity: 'info', message: '' } as const;
      await entries.insert(entry);
    }
    expect(await list({ page: 2, perPage: 25 })).toMatchObject({ total: 35, pages: 2, items: { length: 10 } });
  });
});

forEachEngine('an entry of the audit log', engine => {
  test('is stored with the severity that the table has', async () => {
    const { core, record, list, ann } = await open(engine);
    await setBlocked(core, ann, true);
    await record('192.0.2.1', 'smtp_test_failed');
    expect((await list({ perPage: 1 })).items).toMatchObject([{ entry: { severity: auditEvents.smtp_test_failed } }]);
  });
});
