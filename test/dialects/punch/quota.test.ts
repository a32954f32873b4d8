import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { usageOf } from '../../../src/core/quotas/meters.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer, type Served } from '../../support/served.ts';

const newPunch = (more = {}) => ({ id: randomUUID(), project: 'p', in: 1, updated: 1, ...more });

async function openPunches({ server }: Served) {
  const { account, headers } = await newUser(server);
  return {
    usage: () => usageOf(server.core, account.user_id),
    async upload(...punches: object[]) {
      const { status, json } = await server.request('POST', '/api/v1/punches/upload', { punches }, headers);
      return status === 204 ? 204 : [status, json.code];
    },
    remove: (...ids: string[]) => server.request('POST', '/api/v1/punches/delete', { ids }, headers),
    manifest: async () => (await server.request('GET', '/api/v1/punches/manifest', undefined, headers)).json,
  };
}

forEachEngine('punches of a full account', engine => {
  test('are refused where they are new, and replaced where they do not grow', async () => {
    const served = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '2' } });
    const { upload, usage, manifest } = await openPunches(served);
    const [a, b] = [newPunch(), newPunch()];
    expect(await upload(a, b)).toBe(204);
    expect(await upload(newPunch())).toEqual([507, 'quota_exceeded']);
    expect(await upload({ ...a, updated: 2 })).toBe(204);
    expect(await manifest()).toEqual({ [a.id]: 2, [b.id]: 1 });
    await expect.poll(async () => (await usage()).keys).toBe(2);
  });

  test('count with the bytes of their JSON', async () => {
    const { upload, usage } = await openPunches(
      await openServer(engine, { options: { LIMITS_ACCOUNT_BYTES: '2000' } }),
    );
    const punch = newPunch({ note: 'x'.repeat(1000) });
    expect(await upload(punch)).toBe(204);
    const { bytes } = await usage();
    expect(bytes).toBeGreaterThan(1000);
    expect(bytes).toBeLessThan(1300);
    expect(await upload({ ...punch, updated: 2, note: 'x'.repeat(1000 + 2001 - bytes) })).toEqual([
      507,
      'quota_exceeded',
    ]);
    expect(await upload({ ...punch, updated: 2, note: 'x'.repeat(1000 + 2000 - bytes) })).toBe(204);
  });

  test('make room when they are deleted; one that comes back takes it again', async () => {
    const served = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '2' } });
    const { upload, remove, usage } = await openPunches(served);
    const [a, b] = [newPunch(), newPunch()];
    await upload(a, b);
    await remove(a.id, b.id);
    await expect.poll(usage).toEqual({ bytes: 0, keys: 0 });
    expect(await upload({ ...a, updated: served.server.clock.now() + 1 }, newPunch())).toBe(204);
    expect(await upload({ ...b, updated: served.server.clock.now() + 1 })).toEqual([507, 'quota_exceeded']);
    await expect.poll(async () => (await usage()).keys).toBe(2);
  });

  test('cannot be stored and deleted for ever: beyond as many as there may be keys, what is left of them counts', async () => {
    const served = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '2' } });
    const { upload, remove, usage } = await openPunches(served);
    for (const keys of [0, 0, 1, 2]) {
      const punch = newPunch();
      await expect.poll(() => upload(punch)).toBe(204);
      await remove(punch.id);
      await expect.poll(usage).toEqual({ bytes: 0, keys });
    }
    expect(await upload(newPunch())).toEqual([507, 'quota_exceeded']);
  });
});
