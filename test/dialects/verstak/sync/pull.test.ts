import { expect, onTestFinished, test, vi } from 'vitest';
import { collections } from '../../../../src/app.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { openServer, sharedServer } from '../../../support/served.ts';
import { newOperation, pairedDevice, pull, ROOMY } from '../open-verstak.ts';
import { asPulled, newOperations, pushed, readLog, refusalOf } from './log-client.ts';

forEachEngine('a pull', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('gets the operations behind the cursor, with exactly what devices know of them', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const ops = newOperations(3);
    await pushed(server, desk, ops);
    const all = ops.map((operation, i) => asPulled(operation, desk, i + 1));
    for (const since of [0, 1, 2]) {
      const answer = await pull(server, desk, since);
      expect([answer.status, answer.json]).toEqual([
        200,
        { ops: all.slice(since), server_sequence: 3, page_last_sequence: 3, has_more: false },
      ]);
    }
  });

  test.each([{}, { since_sequence: null, page_limit: null }, { since_sequence: 0, page_limit: 0 }])(
    'of %j begins at the beginning',
    async body => {
      const { server } = served;
      const desk = await pairedDevice(server);
      const send = async () => (await server.request('POST', '/api/v1/sync/pull', body, desk.headers)).json;
      expect(await send()).toEqual({ ops: [], server_sequence: 0, page_last_sequence: 0, has_more: false });
      await pushed(server, desk, newOperations(2));
      expect((await send()).ops).toHaveLength(2);
    },
  );

  test('tells of one moment: what comes while it is answered is news for the next one', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const spec = collections.find(({ name }) => name === 'verstak_operations');
    if (spec === undefined) throw new Error('there is no log');
    const log = server.core.storage.collection(spec);
    const scan = log.scan.bind(log);
    const spy = vi.spyOn(log, 'scan').mockImplementationOnce(async asked => {
      const page = await scan(asked);
      await pushed(server, desk, newOperations(2));
      return page;
    });
    onTestFinished(() => spy.mockRestore());
    expect((await pull(server, desk)).json).toEqual({
      ops: [],
      server_sequence: 0,
      page_last_sequence: 0,
      has_more: false,
    });
    expect((await pull(server, desk)).json).toMatchObject({ server_sequence: 2, page_last_sequence: 2 });
  });

  test('trap 2: an empty page ends where it began, at the end of the log and beyond', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    await pushed(server, desk, newOperations(3));
    for (const since of [3, 4, 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const { status, json } = await pull(server, desk, since);
      expect([status, json]).toEqual([
        200,
        { ops: [], server_sequence: 3, page_last_sequence: since, has_more: false },
      ]);
    }
  });

  test('trap 2: pages of any size lead through the log, and the last is known to be the last', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    await pushed(server, desk, newOperations(7));
    const all = await readLog(server, desk);
    for (const limit of [1, 2, 3, 6, 7, 8]) expect(await readLog(server, desk, 0, limit)).toEqual(all);
    const page = async (since: number, page_limit: number) => {
      const { ops, ...rest } = (await pull(server, desk, since, { page_limit })).json;
      return [ops.length, rest];
    };
    expect(await page(0, 3)).toEqual([3, { server_sequence: 7, page_last_sequence: 3, has_more: true }]);
    expect(await page(3, 3)).toEqual([3, { server_sequence: 7, page_last_sequence: 6, has_more: true }]);
    expect(await page(4, 3)).toEqual([3, { server_sequence: 7, page_last_sequence: 7, has_more: false }]);
    expect(await page(6, 3)).toEqual([1, { server_sequence: 7, page_last_sequence: 7, has_more: false }]);
  });

  test('has at most as many operations as the configuration says, whatever the device asks for', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_PAGE_OPERATIONS: '4' } });
    const desk = await pairedDevice(server);
    await pushed(server, desk, newOperations(6));
    const sizes = async (...limits: number[]) => {
      const pages = limits.map(page_limit => pull(server, desk, 0, { page_limit }));
      return (await Promise.all(pages)).map(({ json }) => json.ops.length);
    };
    expect(await sizes(0, 3, 4, 5, Number.MAX_SAFE_INTEGER)).toEqual([4, 3, 4, 4, 4]);
    await server.configure({ VERSTAK_PAGE_OPERATIONS: '5' });
    expect(await sizes(0, 3, 4, 5, 6)).toEqual([5, 3, 4, 5, 5]);
  });

  test('has 100 operations by default', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    await pushed(server, desk, newOperations(100));
    expect((await pull(server, desk)).json).toMatchObject({ page_last_sequence: 100, has_more: false });
    await pushed(server, desk, newOperations(1));
    for (const page_limit of [0, 100, 1000]) {
      const { json } = await pull(server, desk, 0, { page_limit });
      expect([json.ops.length, json.page_last_sequence, json.has_more]).toEqual([100, 100, true]);
    }
  });

  test.each([
    [{ since_sequence: -1 }, 'invalid_request'],
    [{ page_limit: -1 }, 'invalid_request'],
    [{ since_sequence: 1.5 }, 'invalid_json'],
    [{ since_sequence: '1' }, 'invalid_json'],
    [{ since_sequence: 2 ** 53 }, 'invalid_json'],
    [{ page_limit: 2 ** 53 }, 'invalid_json'],
    [{ page_limit: true }, 'invalid_json'],
  ])('of %j is refused with %s', async (body, code) => {
    const { server } = served;
    const desk = await pairedDevice(server);
    const answer = await server.request('POST', '/api/v1/sync/pull', body, desk.headers);
    expect(refusalOf(answer)).toEqual([400, code]);
  });

  test('needs the token of a device that is not revoked', async () => {
    const { server } = served;
    const desk = await pairedDevice(server);
    expect(refusalOf(await server.request('POST', '/api/v1/sync/pull', {}))).toEqual([401, 'unauthorized']);
    await server.request('POST', '/api/client/revoke-current', undefined, desk.headers);
    expect(refusalOf(await pull(server, desk))).toEqual([401, 'unauthorized']);
    expect((await server.request('GET', '/api/v1/sync/pull')).headers.get('Allow')).toBe('POST');
  });
});

// The MongoDB server of these tests takes seconds for so much; where it lies makes no difference here.
forEachEngine(
  'a page',
  engine => {
    test('has fewer operations when they are large, and leads through all of them', async () => {
      const options = { ...ROOMY, VERSTAK_PAYLOAD_BYTES: '8388608', VERSTAK_BODY_BYTES: '15728640' };
      const { server } = await openServer(engine, { options });
      const desk = await pairedDevice(server);
      const payload_json = `"${'x'.repeat(8_388_606)}"`;
      for (let i = 0; i < 5; i++) await pushed(server, desk, [newOperation({ payload_json })]);
      const { json } = await pull(server, desk);
      expect([json.ops.length, json.page_last_sequence, json.has_more, json.server_sequence]).toEqual([3, 3, true, 5]);
      expect((await readLog(server, desk)).map(({ server_sequence }) => server_sequence)).toEqual([1, 2, 3, 4, 5]);
    });
  },
  ['embedded'],
);
