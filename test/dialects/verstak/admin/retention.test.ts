import { expect, it } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer } from '../../../support/served.ts';
import { demand, newOperation, pairedDevice, pull, push, ROOMY, upload } from '../open-verstak.ts';
import { auditLog, collectionNamed, signInAdmin } from './open-admin.ts';

const DAY_MS = 86_400_000;

forEachEngine('housekeeping', engine => {
  it('removes entries of the audit log after 90 days, and writes one of its own', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    await pairedDevice(server);
    server.clock.advance(1000);
    await pairedDevice(server);
    server.clock.advance(90 * DAY_MS - 500);
    await server.tidy();
    expect(await auditLog(server)).toMatchObject([
      { event: 'device_paired', at: new Date('2100-01-01T00:00:01Z') },
      { event: 'retention_cleanup', severity: 'info', at: new Date(server.clock.now()) },
    ]);
    expect((await auditLog(server))[1]).not.toHaveProperty('address');
  });

  it('keeps the audit log as long as the configuration says now', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    await pairedDevice(server);
    server.clock.advance(2 * DAY_MS);
    await server.configure({ VERSTAK_AUDIT_DAYS: '2' });
    await server.tidy();
    expect(await auditLog(server)).toHaveLength(2);
    server.clock.advance(DAY_MS);
    await server.configure({ VERSTAK_AUDIT_DAYS: '1' });
    await server.tidy();
    expect(await auditLog(server)).toMatchObject([{ event: 'retention_cleanup' }, { event: 'retention_cleanup' }]);
  });

  it('is done by one of several servers, once an hour', async () => {
    const served = await openServer(engine, { options: ROOMY });
    const servers = [served.server, await anotherServer(served), await anotherServer(served)];
    const round = () => Promise.all(servers.map(server => server.tidy()));
    await round();
    await round();
    expect(await auditLog(served.server)).toHaveLength(1);
    served.server.clock.advance(3_600_000);
    await round();
    expect(await auditLog(served.server)).toHaveLength(2);
  });

  it('removes no operation, and no blob that a vault has', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    demand(await push(server, device, [newOperation(), newOperation()]), 200);
    const { sha256 } = demand(await upload(server, device, 'content'), 200).json;
    server.clock.advance(400 * DAY_MS);
    await server.tidy();
    expect((await pull(server, device)).json.ops).toHaveLength(2);
    expect((await server.request('GET', `/api/v1/blobs/${sha256}`, undefined, device.headers)).text).toBe('content');
  });

  it('counts what a process that died had stored and not counted, where a commit may stop half way', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const device = await pairedDevice(server);
    demand(await push(server, device, [newOperation(), newOperation(), newOperation()]), 200);
    const key = [device.account.user_id, device.vault];
    const vaults = collectionNamed(server, 'verstak_vaults');
    const { writer, writer_from, ...counted } = (await vaults.get(key)) as Record<string, unknown>;
    expect([writer, writer_from]).toEqual([device.deviceId, 1]);
    await vaults.update(key, { set: { operations: 0 }, unset: ['last_activity', 'recent'] });
    Object.defineProperty(server.core.storage, 'atomicCommit', { value: false });
    await server.tidy();
    expect(await vaults.get(key)).toEqual(counted); // who has stored the last ones is not known
    const admin = await signInAdmin(server);
    expect(await admin.look('/admin/api/stats')).toMatchObject({ operations: 3, operations_24h: 3 });
  });
});
