import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newApi, punchesOf, punchOf } from './open-punch.ts';

forEachEngine('POST /api/v1/punches/delete', engine => {
  const punch = sharedServer(engine);

  test('removes punches, and answers 204 without a body', async () => {
    const api = await newApi(punch.server);
    const [a, b, kept] = [punchOf(), punchOf(), punchOf()];
    await api.upload(a, b, kept);
    const answer = await api.send('POST', 'delete', { ids: [a.id, b.id] });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await api.manifest()).toEqual({ [kept.id]: kept.updated });
    expect(await api.download(a.id, kept.id, b.id)).toEqual([kept]);
  });

  test('ignores ids that are unknown, repeated, deleted already, or no ids, and leaves no tombstone for them', async () => {
    const api = await newApi(punch.server);
    const [a, b] = [punchOf(), punchOf()];
    await api.upload(a, b);
    const unknown = randomUUID();
    await api.remove();
    await api.remove(unknown, a.id, a.id, 'x', '', '\u0000', '\ud800', 'x'.repeat(100_000), b.id.toUpperCase());
    await api.remove(a.id, unknown);
    expect(await api.manifest('?deleted=1')).toEqual({ [a.id]: null, [b.id]: b.updated });
    await api.upload(punchOf({ id: unknown, updated: 0 }));
    expect(await api.manifest()).toEqual({ [b.id]: b.updated, [unknown]: 0 });
  });

  test('removes more than are written at a time', async () => {
    const api = await newApi(punch.server);
    const punches = Array.from({ length: engine.name === 'embedded' ? 500 : 80 }, () => punchOf());
    await api.upload(...punches);
    await api.remove(...punches.slice(1).map(({ id }) => id));
    expect(Object.keys(await api.manifest())).toEqual([punches[0]?.id]);
  });

  test('erases all that the punch said', async () => {
    const api = await newApi(punch.server);
    const deleted = punchOf({ project: 'secret' });
    await api.upload(deleted);
    const find = async () =>
      (await punchesOf(punch.server).scan({ limit: 10_000 })).items.filter(({ id }) => id === deleted.id);
    expect(JSON.stringify(await find())).toContain('secret');
    await api.remove(deleted.id);
    const mark = punch.server.clock.now();
    expect(await find()).toEqual([{ user_id: expect.any(String), id: deleted.id, mark, gone: 1 }]);
  });
});

forEachEngine('a deleted punch', engine => {
  const punch = sharedServer(engine);

  /** A punch that was deleted, and when. */
  async function deleted(given: { updated: number }) {
    const api = await newApi(punch.server);
    const stored = punchOf(given);
    await api.upload(stored);
    await api.remove(stored.id);
    return { api, stored, at: punch.server.clock.now() };
  }

  test('stays deleted when a machine sends its copy again, with a time up to that of the deletion', async () => {
    const { api, stored, at } = await deleted({ updated: 10 });
    for (const updated of [10, 11, at - 1, at]) await api.upload({ ...stored, updated });
    expect(await api.manifest()).toEqual({});
    expect(await api.manifest('?deleted=1')).toEqual({ [stored.id]: null });
    expect(await api.download(stored.id)).toEqual([]);
  });

  test('comes back when it was edited after the deletion', async () => {
    const { api, stored, at } = await deleted({ updated: 10 });
    const edited = { ...stored, updated: at + 0.5, project: 'edited' };
    await api.upload(edited);
    expect(await api.download(stored.id)).toEqual([edited]);
    expect(await api.manifest('?deleted=1')).toEqual({ [stored.id]: at + 0.5 });
    await api.upload({ ...stored, updated: at + 0.25, project: 'late' });
    expect(await api.download(stored.id)).toEqual([edited]);
  });

  test('that was dated in the future does not come straight back', async () => {
    const future = punch.server.clock.now() + 1_000_000;
    const { api, stored } = await deleted({ updated: future });
    await api.upload(stored);
    expect(await api.manifest()).toEqual({});
    await api.upload({ ...stored, updated: future + 1 });
    expect(await api.manifest()).toEqual({ [stored.id]: future + 1 });
  });

  test('at the end of time stays deleted for ever', async () => {
    const { api, stored } = await deleted({ updated: 8_640_000_000_000_000 });
    await api.upload(stored);
    expect(await api.manifest('?deleted=1')).toEqual({ [stored.id]: null });
  });

  test('does not move its mark when it is deleted again later', async () => {
    const { api, stored, at } = await deleted({ updated: 10 });
    punch.server.clock.advance(5_000);
    await api.remove(stored.id);
    await api.upload({ ...stored, updated: at + 1 });
    expect(await api.manifest()).toEqual({ [stored.id]: at + 1 });
  });

  test('can be deleted again after it came back, and the new mark counts', async () => {
    const { api, stored, at } = await deleted({ updated: 10 });
    const back = { ...stored, updated: at + 1 };
    await api.upload(back);
    punch.server.clock.advance(5_000);
    await api.remove(stored.id);
    await api.upload(back, { ...stored, updated: at + 5_000 });
    expect(await api.manifest('?deleted=1')).toEqual({ [stored.id]: null });
    await api.upload({ ...stored, updated: at + 5_001 });
    expect(await api.manifest()).toEqual({ [stored.id]: at + 5_001 });
  });

  test('is remembered however much time passes', async () => {
    const { api, stored } = await deleted({ updated: 10 });
    punch.server.clock.advance(100 * 365 * 86_400_000);
    const later = await fetch(`${punch.server.url}/api/v1/punches/manifest?deleted=1`, { headers: api.headers });
    expect(later.status).toBe(401); // the token is not
    const [document] = (await punchesOf(punch.server).scan({ limit: 10_000 })).items.filter(
      ({ id }) => id === stored.id,
    );
    expect(document?.mark).toBeDefined();
  });

  test('among others of a request is decided on by itself', async () => {
    const { api, stored, at } = await deleted({ updated: 10 });
    const [fresh, live] = [punchOf(), punchOf()];
    await api.upload(live);
    await api.upload({ ...stored, updated: at }, fresh, { ...live, updated: live.updated + 1 });
    expect(await api.manifest('?deleted=1')).toEqual({
      [stored.id]: null,
      [fresh.id]: fresh.updated,
      [live.id]: live.updated + 1,
    });
    await api.upload({ ...stored, updated: at }, { ...stored, updated: at + 2 }, { ...stored, updated: at + 1 });
    expect(await api.manifest()).toMatchObject({ [stored.id]: at + 2 });
  });
});
