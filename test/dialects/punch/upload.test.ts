import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newApi, punchOf } from './open-punch.ts';

forEachEngine('POST /api/v1/punches/upload', engine => {
  const punch = sharedServer(engine);

  test('stores punches, and answers 204 without a body', async () => {
    const api = await newApi(punch.server);
    const [a, b] = [punchOf(), punchOf({ out: null })];
    const answer = await api.send('POST', 'upload', { punches: [a, b] });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect([answer.headers.get('content-type'), answer.headers.get('content-length')]).toEqual([null, null]);
    expect(await api.download(a.id, b.id)).toEqual([a, b]);
  });

  test('takes an empty list', async () => {
    const api = await newApi(punch.server);
    expect((await api.send('POST', 'upload', { punches: [] })).status).toBe(204);
    expect(await api.manifest()).toEqual({});
  });

  test('replaces a punch as a whole by one that was updated later', async () => {
    const api = await newApi(punch.server);
    const old = punchOf({ updated: 10, note: 'goes', comments: [{ comment: 'goes too', timestamp: 1 }] });
    const { note: _, ...rest } = old;
    const edited = { ...rest, updated: 11, comments: [], project: 'house' };
    await api.upload(old);
    await api.upload(edited);
    expect(await api.download(old.id)).toEqual([edited]);
    expect(await api.manifest()).toEqual({ [old.id]: 11 });
  });

  test.each([10, 9, 9.999, 0])('ignores a punch updated at %d when the stored one was at 10', async updated => {
    const api = await newApi(punch.server);
    const stored = punchOf({ updated: 10 });
    await api.upload(stored);
    await api.upload({ ...stored, updated, project: 'ignored' });
    expect(await api.download(stored.id)).toEqual([stored]);
  });

  test('tells times apart that lie a fraction of a millisecond apart', async () => {
    const api = await newApi(punch.server);
    const stored = punchOf({ updated: 10.25 });
    await api.upload(stored);
    await api.upload({ ...stored, updated: 10.5 });
    expect(await api.manifest()).toEqual({ [stored.id]: 10.5 });
  });

  test.each([
    ['the greatest', [3, 7, 5], 1],
    ['the greatest, at the end', [1, 2, 3], 2],
    ['of equal ones the first', [7, 7, 3, 7], 0],
    ['the stored one, if none is greater', [2, 2, 1], undefined],
  ])('of one id several times in a request keeps %s', async (_, times, winner) => {
    const api = await newApi(punch.server);
    const stored = punchOf({ updated: 2, project: 'stored' });
    await api.upload(stored);
    const sent = times.map((updated, i) => ({ ...stored, updated, project: `sent ${i}` }));
    await api.upload(...sent);
    expect(await api.download(stored.id)).toEqual([winner === undefined ? stored : sent[winner]]);
  });

  test('keeps the first of equal ones of an id that is not stored yet', async () => {
    const api = await newApi(punch.server);
    const sent = ['first', 'second'].map(project => ({ ...punchOf({ id: randomUUID() }), project }));
    const id = sent[0]?.id ?? '';
    await api.upload(...sent.map(one => ({ ...one, id })));
    expect(await api.download(id)).toEqual([{ ...sent[0], id }]);
  });

  test('takes new, newer, equal and older ones in one request', async () => {
    const api = await newApi(punch.server);
    const stored = [1, 2, 3].map(() => punchOf({ updated: 10 }));
    await api.upload(...stored);
    const sent = [9, 10, 11].map((updated, i) => ({ ...stored[i], updated, project: 'sent' }));
    const fresh = punchOf();
    await api.upload(...sent, fresh);
    expect(await api.download(...stored.map(({ id }) => id), fresh.id)).toEqual([stored[0], stored[1], sent[2], fresh]);
  });

  test('stores nothing of a request in which one punch breaks a rule', async () => {
    const api = await newApi(punch.server);
    const stored = punchOf({ updated: 10 });
    await api.upload(stored);
    const punches = [{ ...stored, updated: 11 }, punchOf(), { ...punchOf(), project: '' }, punchOf()];
    const answer = await api.send('POST', 'upload', { punches });
    expect([answer.status, answer.json.code]).toEqual([400, 'punches_invalid']);
    expect(answer.json.error).toMatch(/^punches\[2\]\.project: /);
    expect(await api.manifest()).toEqual({ [stored.id]: 10 });
  });

  test('takes more punches than are written at a time', async () => {
    const api = await newApi(punch.server);
    const punches = Array.from({ length: engine.name === 'embedded' ? 3_000 : 80 }, (_, i) => punchOf({ updated: i }));
    await api.upload(...punches);
    const manifest = await api.manifest();
    expect(manifest).toEqual(Object.fromEntries(punches.map(({ id, updated }) => [id, updated])));
    await api.upload(...punches.map(one => ({ ...one, updated: one.updated + 1 })));
    expect(Object.values(await api.manifest()).toSorted((a, b) => Number(a) - Number(b))).toEqual(
      punches.map(({ updated }) => updated + 1),
    );
  });

  test('leaves `updated` alone, whatever the clock of the server says', async () => {
    const api = await newApi(punch.server);
    const punches = [0, 1, Date.now(), punch.server.clock.now() + 1e9, 8_640_000_000_000_000].map(updated =>
      punchOf({ updated }),
    );
    await api.upload(...punches);
    expect(await api.download(...punches.map(({ id }) => id))).toEqual(punches);
    expect(await api.manifest()).toEqual(Object.fromEntries(punches.map(({ id, updated }) => [id, updated])));
  });
});
