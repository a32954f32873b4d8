import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { apiOf, newApi, type Punch, punchesOf, punchOf } from './open-punch.ts';

/** More than three pages, where storing them does not take long. */
const MANY = 3_300;

/** Ids in the order of the manifest. */
const idOf = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;

/** All ids that stand in the text, as often as they stand there. */
const idsIn = (text: string) => [...text.matchAll(/"([0-9a-f-]{36})":/g)].map(([, id]) => id);

forEachEngine('GET /api/v1/punches/manifest', engine => {
  const punch = sharedServer(engine);

  test('is an empty object for an account without punches', async () => {
    const api = await newApi(punch.server);
    const answer = await api.send('GET', 'manifest');
    expect([answer.status, answer.text]).toEqual([200, '{}']);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect((await api.send('GET', 'manifest?deleted=1')).text).toBe('{}');
  });

  test('has the time of every punch, as a number and without an envelope', async () => {
    const api = await newApi(punch.server);
    const times = [0, 1, 1_700_000_000_000, 1_700_000_000_000.25, 8_640_000_000_000_000];
    const punches = times.map((updated, i) => punchOf({ id: idOf(i), updated }));
    await api.upload(...punches.toReversed());
    const { text } = await api.send('GET', 'manifest');
    expect(text).toBe(`{${times.map((updated, i) => `"${idOf(i)}":${updated}`).join()}}`);
  });

  test('that was read before has what was stored since, here and at another server', async () => {
    const other = await anotherServer(punch);
    const api = await newApi(punch.server);
    const stranger = await newApi(punch.server);
    const expected: Record<string, number> = {};
    const writers = [punch.server, other].map(server => apiOf(server, api.headers));
    for (let i = 0; i < 6; i++) {
      await writers[i % 2]?.upload(punchOf({ id: idOf(i), updated: i }));
      expected[idOf(i)] = i;
      for (let times = 0; times < 2; times++) {
        expect(await api.manifest()).toEqual(expected);
        expect(await api.manifest('?deleted=1')).toEqual(expected);
        expect(await stranger.manifest()).toEqual({});
      }
    }
    await writers[1]?.remove(idOf(0));
    const { [idOf(0)]: _, ...left } = expected;
    expect(await api.manifest()).toEqual(left);
    expect(await api.manifest('?deleted=1')).toEqual({ ...left, [idOf(0)]: null });
  });

  test('has deleted ones as null only with ?deleted=1', async () => {
    const api = await newApi(punch.server);
    await api.upload(...[0, 1, 2, 3, 4].map(i => punchOf({ id: idOf(i), updated: i })));
    await api.remove(idOf(0), idOf(2), idOf(4));
    const live = { [idOf(1)]: 1, [idOf(3)]: 3 };
    const dead = { [idOf(0)]: null, [idOf(2)]: null, [idOf(4)]: null };
    for (const query of ['', '?deleted=0', '?deleted=', '?deleted', '?x=1']) {
      expect([query, await api.manifest(query)]).toEqual([query, live]);
    }
    const answer = await api.send('GET', 'manifest?deleted=1');
    expect(answer.json).toEqual({ ...live, ...dead });
    expect(idsIn(answer.text).toSorted()).toEqual([0, 1, 2, 3, 4].map(idOf));
    await api.remove(idOf(1), idOf(3));
    expect((await api.send('GET', 'manifest')).text).toBe('{}');
    expect(Object.values(await api.manifest('?deleted=1'))).toEqual([null, null, null, null, null]);
  });

  test('asked for with HEAD has no body', async () => {
    const api = await newApi(punch.server);
    await api.upload(punchOf());
    const answer = await api.send('HEAD', 'manifest');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  test('asked for with POST is 405', async () => {
    const api = await newApi(punch.server);
    const answer = await api.send('POST', 'manifest', {});
    expect([answer.status, answer.json.code, answer.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD',
    ]);
  });

  test('comes from an index, without a punch being read', async () => {
    const { server } = await openServer(engine);
    const api = await newApi(server);
    await api.upload(punchOf({ id: idOf(0) }), punchOf());
    await api.remove(idOf(0));
    const scan = vi.spyOn(punchesOf(server), 'scan');
    const others = (['get', 'getMany', 'find'] as const).map(name => vi.spyOn(punchesOf(server), name));
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    await api.manifest('?deleted=1');
    expect(scan).toHaveBeenCalled();
    for (const [call] of scan.mock.calls) expect(call).toMatchObject({ covered: true, index: expect.any(String) });
    const pages = await Promise.all(scan.mock.results.map(({ value }) => value));
    expect(pages.flatMap(({ items }) => items)).toHaveLength(2);
    expect(pages.flatMap(({ items }) => items).filter(item => 'body' in item)).toEqual([]);
    for (const other of others) expect(other).not.toHaveBeenCalled();
  });
});

forEachEngine(
  'a manifest of several pages',
  engine => {
    const punch = sharedServer(engine);

    async function filled(server: TestServer) {
      const api = await newApi(server);
      const punches = Array.from({ length: MANY }, (_, i) => punchOf({ id: idOf(i), updated: i }));
      await api.upload(...punches);
      return { api, punches };
    }

    /** Does something once, after the `page`th page of an index was read. */
    function afterPage(server: TestServer, index: string, page: number, work: () => Promise<unknown>): void {
      const stored = punchesOf(server);
      const scan = stored.scan.bind(stored);
      let pages = 0;
      const spy = vi.spyOn(stored, 'scan').mockImplementation(async query => {
        const read = await scan(query);
        if (query.index === index && ++pages === page) await work();
        return read;
      });
      onTestFinished(() => spy.mockRestore());
    }

    test('is complete, live and deleted ones together', async () => {
      const { api, punches } = await filled(punch.server);
      const expected: Record<string, number | null> = Object.fromEntries(punches.map(p => [p.id, p.updated]));
      expect(await api.manifest()).toEqual(expected);
      expect(await api.manifest('?deleted=1')).toEqual(expected);
      const gone = punches.filter((_, i) => i % 3 !== 1 || i > 2_000).map(({ id }) => id);
      await api.remove(...gone);
      const live = Object.fromEntries(Object.entries(expected).filter(([id]) => !gone.includes(id)));
      expect(await api.manifest()).toEqual(live);
      const { text, json } = await api.send('GET', 'manifest?deleted=1');
      expect(json).toEqual({ ...live, ...Object.fromEntries(gone.map(id => [id, null])) });
      expect(idsIn(text)).toHaveLength(MANY);
    });

    test.each([
      ['edited', (one: Punch) => ({ upload: [{ ...one, updated: 1e6 }] })],
      ['deleted', (one: Punch) => ({ remove: [one.id] })],
    ] as const)('has an id once that is %s between two pages', async (_, change) => {
      const { server } = await openServer(engine);
      const { api, punches } = await filled(server);
      const last = punches[999] as Punch; // where the second page begins behind
      afterPage(server, 'manifest', 1, async () => {
        const { upload = [], remove = [] } = change(last) as { upload?: Punch[]; remove?: string[] };
        await api.upload(...upload);
        await api.remove(...remove, idOf(10), idOf(2_500));
      });
      const { text, json } = await api.send('GET', 'manifest?deleted=1');
      expect(idsIn(text)).toEqual([...new Set(idsIn(text))]);
      expect(idsIn(text)).toHaveLength(MANY);
      expect([json[last.id], json[idOf(10)], json[idOf(2_500)]]).toEqual([999, 10, null]);
    });

    test('has an id once, and as live, that comes back before its page is read', async () => {
      const { server } = await openServer(engine);
      const { api, punches } = await filled(server);
      const [early, late] = [punches[1_500] as Punch, punches[3_200] as Punch];
      await api.remove(early.id, late.id);
      const updated = server.clock.now() + 1;
      afterPage(server, 'manifest', 1, () => api.upload({ ...early, updated }, { ...late, updated }));
      const { text, json } = await api.send('GET', 'manifest?deleted=1');
      expect(idsIn(text)).toEqual([...new Set(idsIn(text))]);
      expect(idsIn(text)).toHaveLength(MANY);
      expect([json[early.id], json[late.id]]).toEqual([updated, updated]);
    });

    test('has an id once, as it is at last, that an index shows twice because it is written at this moment', async () => {
      const { server } = await openServer(engine);
      const api = await newApi(server);
      const items = [
        { id: idOf(1), updated: 1 },
        { id: idOf(2), mark: 5 },
        { id: idOf(2), updated: 6 },
      ];
      const spy = vi.spyOn(punchesOf(server), 'scan').mockResolvedValue({ items: items as never });
      onTestFinished(() => spy.mockRestore());
      expect((await api.send('GET', 'manifest?deleted=1')).text).toBe(`{"${idOf(1)}":1,"${idOf(2)}":6}`);
      expect((await api.send('GET', 'manifest')).text).toBe(`{"${idOf(1)}":1,"${idOf(2)}":6}`);
    });

    test('that breaks off in the middle does not look complete', async () => {
      const { server } = await openServer(engine);
      const { api } = await filled(server);
      const stored = punchesOf(server);
      const scan = stored.scan.bind(stored);
      const spy = vi
        .spyOn(stored, 'scan')
        .mockImplementationOnce(scan)
        .mockImplementationOnce(scan)
        .mockRejectedValue(new StorageUnavailableError());
      onTestFinished(() => spy.mockRestore());
      const answer = await fetch(`${server.url}/api/v1/punches/manifest`, { headers: api.headers });
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow('terminated');
    });
  },
  ['embedded'],
);
