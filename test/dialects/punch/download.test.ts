import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { newApi, punchesOf, punchOf } from './open-punch.ts';

forEachEngine('POST /api/v1/punches/download', engine => {
  const punch = sharedServer(engine);

  test('gives punches in the order of the request, each once', async () => {
    const api = await newApi(punch.server);
    const [a, b, c] = [punchOf(), punchOf(), punchOf()];
    await api.upload(a, b, c);
    const answer = await api.send('POST', 'download', { ids: [c.id, a.id, c.id, b.id, a.id] });
    expect([answer.status, answer.json]).toEqual([200, { punches: [c, a, b] }]);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  test('gives an empty list for an empty list', async () => {
    const api = await newApi(punch.server);
    await api.upload(punchOf());
    expect((await api.send('POST', 'download', { ids: [] })).text).toBe('{"punches":[]}');
  });

  test('leaves out what is unknown, deleted, or no id at all', async () => {
    const api = await newApi(punch.server);
    const [kept, deleted] = [punchOf(), punchOf()];
    await api.upload(kept, deleted);
    await api.remove(deleted.id);
    const strange = ['', 'x', '\u0000', '\ud800', 'x'.repeat(100_000), '{"$ne":null}', `${kept.id} `, '__proto__'];
    const ids = [deleted.id, ...strange, randomUUID(), kept.id, kept.id.toUpperCase()];
    expect(await api.download(...ids)).toEqual([kept]);
    expect((await api.send('POST', 'download', { ids: ids.slice(0, -2) })).text).toBe('{"punches":[]}');
  });

  test('gives more than are read at a time, in order', async () => {
    const api = await newApi(punch.server);
    const punches = Array.from({ length: engine.name === 'embedded' ? 1_000 : 150 }, () => punchOf());
    await api.upload(...punches);
    const wanted = punches.toReversed();
    const ids = wanted.flatMap(({ id }) => [id, randomUUID()]);
    expect(await api.download(...ids)).toEqual(wanted);
    expect(await api.download(...ids.slice(0, 2))).toEqual(wanted.slice(0, 1));
  });

  test('gives what follows after hundreds of unknown ids', async () => {
    const api = await newApi(punch.server);
    const [a, b] = [punchOf(), punchOf()];
    await api.upload(a, b);
    const unknown = Array.from({ length: 300 }, () => randomUUID());
    expect(await api.download(...unknown, a.id, ...unknown, b.id, ...unknown)).toEqual([a, b]);
  });

  test('asked with GET is 405', async () => {
    const api = await newApi(punch.server);
    const answer = await api.send('GET', 'download');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

forEachEngine(
  'a download',
  engine => {
    test('that breaks off in the middle does not look complete', async () => {
      const { server } = await openServer(engine);
      const api = await newApi(server);
      const punches = Array.from({ length: 300 }, () => punchOf());
      await api.upload(...punches);
      const stored = punchesOf(server);
      const getMany = stored.getMany.bind(stored);
      const spy = vi
        .spyOn(stored, 'getMany')
        .mockImplementationOnce(getMany)
        .mockImplementationOnce(getMany)
        .mockRejectedValue(new StorageUnavailableError());
      onTestFinished(() => spy.mockRestore());
      const answer = await fetch(`${server.url}/api/v1/punches/download`, {
        method: 'POST',
        headers: api.headers,
        body: JSON.stringify({ ids: punches.map(({ id }) => id) }),
      });
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow('terminated');
    });
  },
  ['embedded'],
);
