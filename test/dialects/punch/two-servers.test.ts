import { expect, onTestFinished, test, vi } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, newUser, openServer } from '../../support/served.ts';
import { type Api, apiOf, newApi, type Punch, punchesOf, punchOf } from './open-punch.ts';

forEachEngine('two servers on one store', engine => {
  /** One account at two servers. */
  async function openTwo() {
    const served = await openServer(engine);
    const { headers } = await newUser(served.server);
    const two = await anotherServer(served);
    return { server: served.server, one: apiOf(served.server, headers), two: apiOf(two, headers) };
  }

  test('see at once what the other one stored, replaced and deleted', async () => {
    const { server, one, two } = await openTwo();
    let stored = punchOf({ updated: 1 });
    for (let i = 1; i <= 10; i++) {
      const [writer, reader] = i % 2 ? [one, two] : [two, one];
      stored = { ...stored, updated: i, project: `round ${i}` };
      await writer.upload(stored);
      expect([await reader.manifest(), await reader.download(stored.id)]).toEqual([{ [stored.id]: i }, [stored]]);
    }
    await one.remove(stored.id);
    await two.upload({ ...stored, updated: server.clock.now() });
    expect(await two.manifest('?deleted=1')).toEqual({ [stored.id]: null });
  });

  test('end with the greatest time of one id that is uploaded at once from many sides', async () => {
    const { one, two } = await openTwo();
    for (let round = 0; round < 5; round++) {
      const first = punchOf({ updated: 0 });
      if (round % 2) await one.upload(first);
      const versions = Array.from({ length: 16 }, (_, i) => ({ ...first, updated: i + 1, project: `version ${i}` }));
      const shuffled = versions.toSorted((a, b) => ((a.updated * 7) % 17) - ((b.updated * 7) % 17));
      await Promise.all(shuffled.map((version, i) => (i % 2 ? one : two).upload(version)));
      expect(await one.download(first.id)).toEqual([versions.at(-1)]);
    }
  });

  test('end with the greatest times when the same punches are uploaded in different versions at once', async () => {
    const { one, two } = await openTwo();
    // The test server of MongoDB's protocol takes one write at a time.
    const count = engine.name === 'embedded' ? 1_000 : 12;
    const punches = Array.from({ length: count }, () => punchOf({ updated: 0 }));
    const version = (n: number, of: readonly Punch[]) =>
      of.map((punch, i) => ({ ...punch, updated: ((i * 3 + n) % 4) + 1, project: `version ${n}` }));
    await Promise.all([0, 1, 2, 3].map(n => (n % 2 ? one : two).upload(...version(n, punches))));
    const stored = await one.download(...punches.map(({ id }) => id));
    expect(stored.map(({ updated }) => updated)).toEqual(punches.map(() => 4));
    expect(stored.map(({ project }) => project)).toEqual(
      punches.map((_, i) => `version ${(((3 - i * 3) % 4) + 4) % 4}`),
    );
  });

  test('keep, of equal times, one whole punch', async () => {
    const { one, two } = await openTwo();
    const first = punchOf();
    const versions = Array.from({ length: 8 }, (_, i) => ({ ...first, project: `${i}`, comments: [], [`own${i}`]: i }));
    await Promise.all(versions.map((version, i) => (i % 2 ? one : two).upload(version)));
    const [stored] = await two.download(first.id);
    expect(versions).toContainEqual(stored);
    await one.upload(...versions);
    expect(await one.download(first.id)).toEqual([stored]);
  });

  test('leave an id deleted, or live and newer than the deletion, when both happen at once', async () => {
    const { server, one, two } = await openTwo();
    const now = server.clock.now();
    for (let round = 0; round < 8; round++) {
      const stored = punchOf({ updated: 1 });
      await one.upload(stored);
      const newer = { ...stored, updated: now + 1 };
      await Promise.all([
        one.remove(stored.id),
        two.upload({ ...stored, updated: 2 }),
        two.remove(stored.id),
        one.upload({ ...stored, updated: now }),
      ]);
      expect(await two.manifest('?deleted=1')).toMatchObject({ [stored.id]: null });
      await Promise.all([one.upload(newer), two.upload({ ...stored, updated: now })]);
      expect(await one.manifest()).toMatchObject({ [stored.id]: now + 1 });
      await Promise.all([one.remove(stored.id), two.upload({ ...stored, updated: now + 2 })]);
      expect([null, now + 2]).toContain((await one.manifest('?deleted=1'))[stored.id]);
    }
  });
});

forEachEngine('a decision that was overtaken', engine => {
  /** Has `meanwhile` done once, after the next upload or deletion has read what is stored. */
  async function overtaken(meanwhile: (api: Api) => Promise<unknown>) {
    const { server } = await openServer(engine);
    const api = await newApi(server);
    const stored = punchesOf(server);
    const getMany = stored.getMany.bind(stored);
    const arm = () => {
      const spy = vi.spyOn(stored, 'getMany').mockImplementationOnce(async keys => {
        const read = await getMany(keys);
        await meanwhile(api);
        return read;
      });
      onTestFinished(() => spy.mockRestore());
    };
    return { api, arm, now: server.clock.now() };
  }
  const punch = punchOf({ updated: 5 });
  const older = { ...punch, updated: 4 };
  const newer = { ...punch, updated: 6 };

  test('to insert meets a newer punch, and leaves it', async () => {
    const { api, arm } = await overtaken(api => api.upload(newer));
    arm();
    await api.upload(punch);
    expect(await api.download(punch.id)).toEqual([newer]);
  });

  test('to insert meets an older punch, and replaces it', async () => {
    const { api, arm } = await overtaken(api => api.upload(older));
    arm();
    await api.upload(punch);
    expect(await api.download(punch.id)).toEqual([punch]);
  });

  test('to insert meets a tombstone, and leaves it', async () => {
    const { api, arm } = await overtaken(async api => {
      await api.upload(older);
      await api.remove(older.id);
    });
    arm();
    await api.upload(punch);
    expect(await api.manifest('?deleted=1')).toEqual({ [punch.id]: null });
  });

  test('to replace meets a newer punch, and leaves it', async () => {
    const { api, arm } = await overtaken(api => api.upload(newer));
    await api.upload(older);
    arm();
    await api.upload(punch);
    expect(await api.download(punch.id)).toEqual([newer]);
  });

  test('to replace meets another replacement that is older, and replaces that', async () => {
    const { api, arm } = await overtaken(api => api.upload(punch));
    await api.upload(older);
    arm();
    await api.upload(newer);
    expect(await api.download(punch.id)).toEqual([newer]);
  });

  test('to replace meets a tombstone, and leaves it', async () => {
    const { api, arm } = await overtaken(api => api.remove(punch.id));
    await api.upload(older);
    arm();
    await api.upload(punch);
    expect(await api.manifest('?deleted=1')).toEqual({ [punch.id]: null });
  });

  test('to bring back meets a punch that came back newer, and leaves it', async () => {
    const { api, arm, now } = await overtaken(async api => {
      await api.upload({ ...punch, updated: 9e12 });
    });
    await api.upload(punch);
    await api.remove(punch.id);
    arm();
    await api.upload({ ...punch, updated: now + 1 });
    expect(await api.manifest()).toEqual({ [punch.id]: 9e12 });
  });

  test('to delete meets a newer punch, and deletes that with its own mark', async () => {
    const future = 9e12;
    const { api, arm } = await overtaken(api => api.upload({ ...punch, updated: future }));
    await api.upload(punch);
    arm();
    await api.remove(punch.id);
    await api.upload({ ...punch, updated: future });
    expect(await api.manifest('?deleted=1')).toEqual({ [punch.id]: null });
    await api.upload({ ...punch, updated: future + 1 });
    expect(await api.manifest()).toEqual({ [punch.id]: future + 1 });
  });

  test('to delete meets a tombstone, and does not move its mark', async () => {
    const { api, arm, now } = await overtaken(api => api.remove(punch.id));
    await api.upload(punch);
    arm();
    await api.remove(punch.id);
    await api.upload({ ...punch, updated: now + 1 });
    expect(await api.manifest()).toEqual({ [punch.id]: now + 1 });
  });

  test('again and again ends with 503', async () => {
    const { server } = await openServer(engine);
    const api = await newApi(server);
    await api.upload(punch);
    const lost = vi.spyOn(punchesOf(server), 'update').mockResolvedValue(undefined);
    onTestFinished(() => lost.mockRestore());
    for (const [name, body] of [
      ['upload', { punches: [newer] }],
      ['delete', { ids: [punch.id] }],
    ] as const) {
      const answer = await api.send('POST', name, body);
      expect([answer.status, answer.json.code, answer.headers.get('retry-after')]).toEqual([
        503,
        'storage_unavailable',
        '1',
      ]);
    }
  });
});
