import { describe, expect, it, vi } from 'vitest';
import { createAccount, setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { type Engine, forEachEngine } from '../../../support/engines.ts';
import { newName, openServer } from '../../../support/served.ts';
import { demand, newAccount, newOperation, pairedDevice, push, ROOMY, upload } from '../open-verstak.ts';
import { auditLog, collectionNamed, signInAdmin } from './open-admin.ts';

const HOUR_MS = 3_600_000;

async function open(engine: Engine) {
  const { server } = await openServer(engine, { options: ROOMY });
  const admin = await signInAdmin(server);
  return { server, admin, stats: () => admin.look('/admin/api/stats') };
}

forEachEngine('the statistics', engine => {
  it('of a new server are an admin and nothing else', async () => {
    const { stats } = await open(engine);
    expect(await stats()).toEqual({
      users: 1,
      active_users: 1,
      blocked_users: 0,
      unconfirmed_users: 0,
      active_devices: 0,
      revoked_devices: 0,
      vaults: 0,
      operations: 0,
      ops: 0,
      operations_24h: 0,
      last_sync_activity: '',
      blobs: 0,
      blob_references: 0,
      blob_bytes: 0,
      orphan_blobs: 0,
      temp_uploads: 0,
      expired_sessions: 0,
      expired_email_tokens: 0,
      audit_events: 0,
      mails_waiting: 0,
      mails_failing: 0,
      last_mail_error: '',
      last_mail_error_at: '',
      database_bytes: expect.any(Number),
      last_cleanup_at: '',
    });
    expect((await stats()).database_bytes).toBeGreaterThan(0);
  });

  it('count every account as one of active, blocked and unconfirmed', async () => {
    const { server, stats } = await open(engine);
    const create = (given: object = {}) => createAccount(server.core, { username: newName(), ...given });
    const unconfirmed = () => ({ email: `${newName()}@example.org`, unconfirmed: true });
    await create();
    await create(unconfirmed());
    await create(unconfirmed());
    for (const account of [await create(), await create(unconfirmed())]) await setBlocked(server.core, account, true);
    const counts = { users: 6, active_users: 2, blocked_users: 2, unconfirmed_users: 2 };
    expect(await stats()).toMatchObject(counts);
    const both = await create(unconfirmed());
    await setBlocked(server.core, both, true);
    for (const { user_id } of [both, await create(), await create(unconfirmed())]) {
      const set = { erasing_at: new Date(server.clock.now()) };
      await server.core.storage.collection(accountsSpec).update([user_id], { set });
    }
    expect(await stats()).toMatchObject(counts);
  });

  it('count devices and vaults', async () => {
    const { server, stats } = await open(engine);
    const account = await newAccount(server);
    await pairedDevice(server, { account, vault: 'one' });
    await pairedDevice(server, { account, vault: 'one' });
    await pairedDevice(server, { vault: 'one' });
    const { headers } = await pairedDevice(server, { account, vault: 'two' });
    await server.request('POST', '/api/client/revoke-current', undefined, headers);
    expect(await stats()).toMatchObject({ active_devices: 3, revoked_devices: 1, vaults: 3 });
  });

  it('count operations, those of the last 24 hours by the time they came, whatever clients say', async () => {
    const { server, stats } = await open(engine);
    const [one, two] = [await pairedDevice(server), await pairedDevice(server)];
    const old = { created_at: '1999-01-01T00:00:00Z' };
    demand(await push(server, one, [newOperation(old), newOperation(old), newOperation()]), 200);
    server.clock.advance(HOUR_MS);
    demand(await push(server, two, [newOperation()]), 200);
    expect(await stats()).toMatchObject({
      operations: 4,
      ops: 4,
      operations_24h: 4,
      last_sync_activity: '2100-01-01T01:00:00Z',
    });
    server.clock.advance(23.5 * HOUR_MS);
    // The session of the admin has ended by now.
    const admin = await signInAdmin(server);
    expect(await admin.look('/admin/api/stats')).toMatchObject({ operations: 4, operations_24h: 1 });
    demand(await push(server, one, [newOperation({ created_at: '' })]), 200);
    expect(await admin.look('/admin/api/stats')).toMatchObject({
      operations: 5,
      operations_24h: 2,
      last_sync_activity: '2100-01-02T00:30:00Z',
    });
  });

  it('count a content that several vaults have once, and its references all', async () => {
    const { server, stats } = await open(engine);
    const [one, two] = [await pairedDevice(server), await pairedDevice(server)];
    for (const device of [one, two]) demand(await upload(server, device, 'the same'), 200);
    demand(await upload(server, one, 'another one'), 200);
    expect(await stats()).toMatchObject({ blobs: 2, blob_references: 3, blob_bytes: 8 + 11 });
  });

  it('tell of contents that nobody refers to, of uploads under way, and when housekeeping was done', async () => {
    const { server, stats } = await open(engine);
    const { blobs } = server.core.storage;
    const text = (content: string) => [Buffer.from(content)];
    await blobs.put(
      (async function* () {
        yield* text('nobody refers to it');
      })(),
      100,
    );
    let end = () => {};
    const held = new Promise<void>(resolve => {
      end = resolve;
    });
    let begin = () => {};
    const begun = new Promise<void>(resolve => {
      begin = resolve;
    });
    const upload = blobs.put(
      (async function* () {
        yield* text('on its');
        yield* text(' way');
        begin();
        await held;
      })(),
      100,
    );
    await begun;
    server.clock.advance(1000);
    await server.tidy();
    expect(await stats()).toMatchObject({
      blobs: 0,
      orphan_blobs: 1,
      temp_uploads: 1,
      last_cleanup_at: '2100-01-01T00:00:01Z',
    });
    end();
    await upload;
    expect(await stats()).toMatchObject({ blobs: 0, orphan_blobs: 2, temp_uploads: 0 });
  });

  it('count the entries of the audit log', async () => {
    const { server, stats } = await open(engine);
    await pairedDevice(server);
    await pairedDevice(server);
    expect((await stats()).audit_events).toBe((await auditLog(server)).length);
    expect((await stats()).audit_events).toBe(2);
  });

  describe('of many operations', () => {
    it('read and count none of them', async () => {
      const { server, stats } = await open(engine);
      const device = await pairedDevice(server);
      demand(
        await push(
          server,
          device,
          Array.from({ length: 100 }, () => newOperation()),
        ),
        200,
      );
      const operations = collectionNamed(server, 'verstak_operations');
      const reads = (['get', 'getMany', 'find', 'scan', 'count'] as const).map(name => vi.spyOn(operations, name));
      expect((await stats()).operations).toBe(100);
      for (const read of reads) expect(read).not.toHaveBeenCalled();
      await operations.count({});
      expect(reads.at(-1)).toHaveBeenCalledOnce();
    });
  });
});
