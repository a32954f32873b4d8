import { Agent, request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { refuse } from '../../../src/plugin/index.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { fill, newFilled, numbered } from './filled.ts';
import { scopedHeaders } from './scoped.ts';

const MIB = 1_048_576;

/** An account, and how it sends batches. */
async function newBatcher(server: TestServer, keys: readonly string[] = []) {
  const user = await newFilled(server, keys);
  const batch = (ops: unknown, more: Record<string, string> = {}) =>
    server.request('POST', '/v2/batch', { ops }, { ...user.headers, ...more });
  return { ...user, batch };
}

forEachEngine('a batch', engine => {
  const served = sharedServer(engine);
  const isServed = () => served.server.core.storage.atomicCommit;

  test('is 501 where the engine has no transactions, which the limits tell beforehand', async () => {
    const { batch, get } = await newBatcher(served.server);
    const { status, json } = await batch([{ op: 'put', key: 'a', value: 'x' }]);
    expect(status).toBe(isServed() ? 200 : 501);
    if (!isServed()) expect(json.code).toBe('batch_unsupported');
    expect((await get('/v2/limits')).json.atomic_batch).toBe(isServed());
  });

  test('does every operation, and gives one result for each in their order', async ({ skip }) => {
    skip(!isServed());
    const { batch, get, headers } = await newBatcher(served.server, ['gone', 'kept', 'ends']);
    await served.server.request('PUT', '/v2/kv/n', '5', { ...headers, 'Content-Type': 'application/json' });
    const etag = (await get('/v2/info/kept')).json.etag;
    const { status, json } = await batch([
      { op: 'put', key: 'text', value: 'né', ttl: 60, meta: { Who: 'ann' } },
      { op: 'put', key: 'dir/bytes', value_base64: '//4A', content_type: 'image/png' },
      { op: 'put', key: 'json', json: { a: [1, null] } },
      { op: 'put', key: 'kept', value: 'new', if_match: etag },
      { op: 'delete', key: 'gone' },
      { op: 'delete', key: 'never' },
      { op: 'incr', key: 'n', by: 2 },
      { op: 'incr', key: 'm', initial: 10 },
      { op: 'touch', key: 'ends', ttl: 30 },
      { op: 'check', key: 'nothing', if_none_match: '*' },
      { op: 'get', key: 'nobody' },
    ]);
    expect(status).toBe(200);
    expect(json.results.map((one: { status: number; key: string }) => [one.status, one.key])).toEqual([
      [201, 'text'],
      [201, 'dir/bytes'],
      [201, 'json'],
      [204, 'kept'],
      [204, 'gone'],
      [204, 'never'],
      [200, 'n'],
      [200, 'm'],
      [200, 'ends'],
      [204, 'nothing'],
      [404, 'nobody'],
    ]);
    expect([json.results[6].value, json.results[7].value]).toEqual([7, 11]);
    const text = await get('/v2/kv/text');
    expect([text.text, text.headers.get('ETag'), text.headers.get('Keybin-Meta-Who')]).toEqual([
      'né',
      json.results[0].etag,
      'ann',
    ]);
    expect(text.headers.get('Keybin-Expires-At')).toBe('2100-01-01T00:01:00.000Z');
    expect(json.results[8].expires_at).toBe('2100-01-01T00:00:30.000Z');
    expect((await get('/v2/kv/json')).headers.get('Content-Type')).toBe('application/json');
    expect((await get('/v2/kv/m')).text).toBe('11');
    const listed = (await get('/v2/kv?values=1')).json.keys;
    expect(listed.map(({ key }: { key: string }) => key)).toEqual([
      'dir/bytes',
      'ends',
      'json',
      'kept',
      'm',
      'n',
      'text',
    ]);
    expect(listed[0]).toMatchObject({ value_base64: '//4A', content_type: 'image/png' });
  });

  test('keeps JSON as it is written, and gives values out as lists do', async ({ skip }) => {
    skip(!isServed());
    const { batch, headers } = await newBatcher(served.server);
    const body =
      '{"ops":[{"op":"put","json": {"n": 369553424691494913,  "x":1.0} ,"key":"a"},{"op":"put","key":"b","json":null}]}';
    expect((await served.server.request('POST', '/v2/batch', body, headers)).status).toBe(200);
    const { json } = await batch([
      { op: 'get', key: 'a' },
      { op: 'get', key: 'b' },
    ]);
    expect(json.results).toEqual([
      expect.objectContaining({
        status: 200,
        key: 'a',
        value: '{"n": 369553424691494913,  "x":1.0}',
        content_type: 'application/json',
      }),
      expect.objectContaining({ value: 'null', size: 4 }),
    ]);
  });

  test('is all or nothing: the first that fails is named, with why and what is there', async ({ skip }) => {
    skip(!isServed());
    const { batch, get } = await newBatcher(served.server, ['a', 'b']);
    const etag = (await get('/v2/info/b')).json.etag;
    const put = { op: 'put', key: 'new', value: 'x' };
    const failures: [object, object][] = [
      [
        { op: 'put', key: 'b', value: 'x', if_match: '"other"' },
        { code: 'precondition_failed', current_etag: etag },
      ],
      [
        { op: 'put', key: 'b', value: 'x', if_none_match: '*' },
        { code: 'precondition_failed', current_etag: etag },
      ],
      [{ op: 'check', key: 'none', if_match: '*' }, { code: 'precondition_failed' }],
      [{ op: 'delete', key: 'none', if_match: '*' }, { code: 'precondition_failed' }],
      [
        { op: 'get', key: 'b', if_match: '"other"' },
        { code: 'precondition_failed', current_etag: etag },
      ],
      [{ op: 'touch', key: 'none', ttl: null }, { code: 'key_not_found' }],
      [
        { op: 'incr', key: 'b' },
        { code: 'not_an_integer', current_etag: etag },
      ],
    ];
    for (const [op, details] of failures) {
      const { status, json } = await batch([put, op, { op: 'delete', key: 'a' }]);
      expect([status, json.code, json.details]).toEqual([409, 'batch_failed', { index: 1, ...details }]);
    }
    expect((await get('/v2/kv')).json.keys.map(({ key }: { key: string }) => key)).toEqual(['a', 'b']);
  });

  test('of those who all demand the same state, one wins', async ({ skip }) => {
    skip(!isServed());
    const { batch, get } = await newBatcher(served.server, ['lock']);
    const etag = (await get('/v2/info/lock')).json.etag;
    const answers = await Promise.all(
      [...Array(12).keys()].map(i =>
        batch([
          { op: 'put', key: 'lock', value: String(i), if_match: etag },
          { op: 'put', key: `of-${i}`, value: 'x' },
        ]),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(11);
    expect((await get('/v2/kv?prefix=of-')).json.keys).toHaveLength(1);
  });

  test('moves amounts between counters while others count in them, and none is lost', async ({ skip }) => {
    skip(!isServed());
    const { batch, get, headers } = await newBatcher(served.server);
    const move = () =>
      batch([
        { op: 'incr', key: 'a', by: -1 },
        { op: 'incr', key: 'b', by: 1 },
      ]);
    const count = () => served.server.request('POST', '/v2/incr/a', { by: 1 }, headers);
    const answers = await Promise.all([...Array(15).keys()].flatMap(() => [move(), count()]));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect([(await get('/v2/kv/a')).text, (await get('/v2/kv/b')).text]).toEqual(['0', '15']);
  });

  test('puts values of more than 1 MiB into the blob store, and gives them out', async ({ skip }) => {
    skip(!isServed());
    const { batch, get, headers } = await newBatcher(served.server);
    const long = '"é'.repeat(MIB / 2);
    const { json } = await batch([
      { op: 'put', key: 'long', value: long },
      { op: 'put', key: 'bin', value_base64: Buffer.alloc(2 * MIB, 0xfe).toString('base64') },
    ]);
    expect(json.results.map((one: { status: number }) => one.status)).toEqual([201, 201]);
    expect((await get('/v2/kv/long')).text).toBe(long);
    const got = await batch([
      { op: 'get', key: 'long' },
      { op: 'get', key: 'bin' },
    ]);
    expect(got.json.results[0].value).toBe(long);
    const bytes = Buffer.from(got.json.results[1].value_base64, 'base64');
    expect(bytes.equals(Buffer.alloc(2 * MIB, 0xfe))).toBe(true);
    const many = await served.server.request(
      'POST',
      '/v2/batch',
      { ops: [{ op: 'get', key: 'long' }] },
      { ...headers, 'Idempotency-Key': 'k' },
    );
    expect([many.status, many.json.code]).toEqual([413, 'idempotent_answer_too_large']);
  });

  test('is done once under an Idempotency-Key', async ({ skip }) => {
    skip(!isServed());
    const { batch, get } = await newBatcher(served.server, ['a']);
    const ops = [
      { op: 'incr', key: 'n' },
      { op: 'get', key: 'a' },
    ];
    const first = await batch(ops, { 'Idempotency-Key': 'one' });
    const again = await batch(ops, { 'Idempotency-Key': 'one' });
    expect([first.headers.get('Idempotent-Replay'), again.headers.get('Idempotent-Replay')]).toEqual([null, 'true']);
    expect([again.status, again.json]).toEqual([200, first.json]);
    expect((await get('/v2/kv/n')).text).toBe('1');
    expect((await batch([{ op: 'incr', key: 'n' }], { 'Idempotency-Key': 'one' })).status).toBe(422);
  });

  test('needs the right to each key that it names', async ({ skip }) => {
    skip(!isServed());
    const { server } = served;
    const { accountId, get } = await newBatcher(server, ['a/1', 'b/1']);
    const headers = await scopedHeaders(server, accountId, ['kv:r:a/', 'kv:rw:b/', 'kv:w:c/']);
    const send = async (...ops: object[]) => {
      const { status, json } = await server.request('POST', '/v2/batch', { ops }, headers);
      return json.details?.scope ?? status;
    };
    expect(
      await send({ op: 'get', key: 'a/1' }, { op: 'put', key: 'b/1', value: '' }, { op: 'delete', key: 'c/1' }),
    ).toBe(200);
    expect(await send({ op: 'get', key: 'a/1' }, { op: 'put', key: 'a/1', value: '' })).toBe('kv:w:a/1');
    expect(await send({ op: 'get', key: 'c/1' })).toBe('kv:r:c/1');
    expect(await send({ op: 'check', key: 'c/1', if_match: '*' })).toBe('kv:r:c/1');
    expect(await send({ op: 'incr', key: 'c/1' })).toBe('kv:r:c/1');
    expect(await send({ op: 'incr', key: 'a/1' })).toBe('kv:w:a/1');
    expect((await get('/v2/kv/a/1')).text).toBe('a/1');
  });

  test('reaches the keys . and .. of the original API', async ({ skip }) => {
    skip(!isServed());
    const { batch, get } = await newBatcher(served.server);
    expect(
      (
        await batch([
          { op: 'put', key: '.', value: 'x' },
          { op: 'put', key: '..', value: 'y' },
        ])
      ).status,
    ).toBe(200);
    expect((await batch([{ op: 'get', key: '..' }])).json.results[0].value).toBe('y');
    expect((await get('/v2/kv')).json.keys).toHaveLength(2);
  });

  test.each([
    [[], 'ops_invalid'],
    ['x', 'ops_invalid'],
    [[{ op: 'got', key: 'a' }], 'ops_invalid'],
    [[null], 'ops_invalid'],
    [[{ op: 'get' }], 'ops_invalid'],
    [[{ op: 'get', key: 'a', valu: 1 }], 'ops_invalid'],
    [[{ op: 'put', key: 'a' }], 'ops_invalid'],
    [[{ op: 'put', key: 'a', value: 'x', json: 1 }], 'ops_invalid'],
    [[{ op: 'put', key: 'a', value: 5 }], 'ops_invalid'],
    [[{ op: 'put', key: 'a', value_base64: 'a' }], 'ops_invalid'],
    [[{ op: 'put', key: 'a', value_base64: 'a-_=' }], 'ops_invalid'],
    [[{ op: 'put', key: 'a', value: '', ttl: 0 }], 'ops_invalid'],
    [[{ op: 'touch', key: 'a' }], 'ops_invalid'],
    [[{ op: 'check', key: 'a' }], 'ops_invalid'],
    [[{ op: 'incr', key: 'a', by: 1.5 }], 'ops_invalid'],
    [[{ op: 'get', key: '' }], 'key_invalid'],
    [[{ op: 'get', key: 'a/../b' }], 'key_invalid'],
    [[{ op: 'get', key: 'a b' }], 'key_invalid'],
    [
      [
        { op: 'get', key: 'a' },
        { op: 'get', key: 'a' },
      ],
      'key_repeated',
    ],
    [[{ op: 'get', key: 'a', if_match: 'x' }], 'if_match_invalid'],
    [[{ op: 'put', key: 'a', value: '', meta: { a: 'é' } }], 'meta_invalid'],
    [[{ op: 'put', key: 'a', value: '', meta: { a: 'x'.repeat(1024) } }], 'meta_too_large'],
  ])('refuses %j with 400', async (ops, code) => {
    if (!isServed()) return;
    const { batch } = await newBatcher(served.server);
    const { status, json } = await batch(ops);
    expect([status, json.code]).toEqual([400, code]);
    expect(json.error.length).toBeGreaterThan(20);
  });

  test('stores long values as they were meant, wherever their pieces are cut', async ({ skip }) => {
    skip(!isServed());
    const { batch, get, headers } = await newBatcher(served.server);
    const send = (ops: string) => served.server.request('POST', '/v2/batch', `{"ops":[${ops}]}`, headers);
    const pads = Array.from({ length: 14 }, (_, i) => 'x'.repeat(65_536 - 7 + i));
    const escaped = pads.map((pad, i) => `{"op":"put","key":"e${i}","value":"${pad}\\ud83d\\ude00\\n\\\\${pad}"}`);
    const raw = pads.map((pad, i) => `{"op":"put","key":"r${i}","value":"${pad}\u{1f600}\u0436${pad}"}`);
    expect((await send([...escaped, ...raw].join())).status).toBe(200);
    for (const [i, pad] of pads.entries()) {
      expect((await get(`/v2/kv/e${i}`)).text === `${pad}\u{1f600}\n\\${pad}`).toBe(true);
      expect((await get(`/v2/kv/r${i}`)).text === `${pad}\u{1f600}\u0436${pad}`).toBe(true);
    }
    const bytes = [0, 1, 2].map(more => Buffer.alloc(300_000 + more, 'any bytes at all'));
    await batch(bytes.map((one, i) => ({ op: 'put', key: `b${i}`, value_base64: one.toString('base64') })));
    for (const [i, one] of bytes.entries()) expect((await get(`/v2/kv/b${i}`)).text === one.toString()).toBe(true);
    const json = ` [ 1.0, "${'\\"]'.repeat(40_000)}", {"json": [ ]} ]`;
    expect((await send(`{"json":1,"op":"put","json":${json} ,"key":"j"}`)).status).toBe(200);
    expect((await get('/v2/kv/j')).text === json.trim()).toBe(true);
  });

  test('refuses long values that are none, as it does short ones', async ({ skip }) => {
    skip(!isServed());
    const { headers } = await newBatcher(served.server);
    const long = 'AAAA'.repeat(50_000);
    for (const content of [
      `"value":"${long}\\ud83d"`,
      `"value":"${long}\\ude00${long}"`,
      `"value_base64":"${long}A"`,
      `"value_base64":"${long}A="`,
      `"value_base64":"${long}AA==${long}"`,
      `"value_base64":"${long}*AAA"`,
      `"value":"${long}","json":"${long}"`,
    ]) {
      const body = `{"ops":[{"op":"put","key":"a",${content}}]}`;
      const { status, json } = await served.server.request('POST', '/v2/batch', body, headers);
      expect([content.slice(-20), status, json.code]).toEqual([content.slice(-20), 400, 'ops_invalid']);
      expect(json.error).toMatch(/^ops: \[0\]/);
    }
  });

  test('may come in chunks; one that is too long is passed over, and the connection goes on', async ({ skip }) => {
    skip(!isServed());
    const { headers } = await newBatcher(served.server);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports: unknown[] = [];
    const chunked = (bytes: number) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = { method: 'POST', headers: { ...headers, 'Transfer-Encoding': 'chunked' }, agent };
        const request = httpRequest(`${served.server.url}/v2/batch`, sent, answer => {
          ports.push(answer.socket.localPort);
          answer.resume().on('end', () => resolve(answer.statusCode));
        }).on('error', reject);
        request.write('{"ops":[{"op":"put","key":"a","value":"');
        for (let at = 0; at < bytes; at += MIB) request.write('x'.repeat(MIB));
        request.end('"}]}');
      });
    expect([await chunked(2 * MIB), await chunked(17 * MIB), await chunked(MIB)]).toEqual([200, 413, 200]);
    expect(new Set(ports).size).toBe(1);
    agent.destroy();
  });

  test('takes 500 operations and 16 MiB and no more, and values no longer than anywhere', async ({ skip }) => {
    skip(!isServed());
    const { server } = await openServer(engine, { options: { LIMITS_VALUE_BYTES: '100' } });
    const { batch, headers } = await newBatcher(server);
    const puts = (count: number) => numbered(count, 'k').map(key => ({ op: 'put', key, value: key }));
    expect((await batch(puts(500))).json.results).toHaveLength(500);
    const many = await batch(puts(501));
    expect([many.status, many.json.details]).toEqual([413, { limit: 500 }]);
    const long = await batch([{ op: 'put', key: 'a', value: 'x'.repeat(101) }]);
    expect([long.status, long.json.details]).toEqual([413, { limit: 100 }]);
    const body = `{"ops":[]${' '.repeat(16 * MIB)}}`;
    expect((await server.request('POST', '/v2/batch', body, headers)).status).toBe(413);
    expect((await server.request('POST', '/v2/batch', { ops: [], more: 1 }, headers)).json.code).toBe('field_unknown');
    expect((await server.request('POST', '/v2/batch', '[', headers)).json.code).toBe('json_invalid');
  });

  test('looks at no more than so many bytes of values', async ({ skip }) => {
    skip(!isServed());
    const { batch, accountId } = await newBatcher(served.server);
    const keys = numbered(70, 'k');
    await fill(served.server, accountId, keys, () => ({ value: 'x'.repeat(MIB), size: MIB }));
    expect((await batch(keys.map(key => ({ op: 'check', key, if_match: '*' })))).status).toBe(413);
    expect((await batch(keys.slice(0, 20).map(key => ({ op: 'get', key })))).status).toBe(413);
    expect((await batch(keys.slice(0, 12).map(key => ({ op: 'get', key })))).status).toBe(200);
  });

  test('asks plugins for each put and delete, and a refusal keeps all of it from being done', async ({ skip }) => {
    skip(!isServed());
    const { server } = await openServer(engine, {
      plugins: {
        upper: {
          filter: {
            'entries.set': event => {
              if (event.key === 'locked') refuse('locked', { code: 'key_locked' });
              return { ...event, value: String(event.value).toUpperCase() };
            },
          },
        },
      },
    });
    const { batch, get } = await newBatcher(server);
    expect((await batch([{ op: 'put', key: 'a', value: 'x' }])).status).toBe(200);
    expect((await get('/v2/kv/a')).text).toBe('X');
    const refused = await batch([
      { op: 'put', key: 'b', value: 'x' },
      { op: 'put', key: 'locked', value: 'x' },
    ]);
    expect([refused.status, refused.json.code]).toEqual([422, 'key_locked']);
    expect((await get('/v2/kv/b')).status).toBe(404);
  });

  test('over the quota is 507 and changes nothing', async ({ skip }) => {
    skip(!isServed());
    const { server } = await openServer(engine, { options: { LIMITS_ACCOUNT_KEYS: '2' } });
    const { batch, get } = await newBatcher(server);
    const ops = ['a', 'b', 'c'].map(key => ({ op: 'put', key, value: key }));
    const answer = await batch(ops);
    expect([answer.status, answer.json.code]).toEqual([507, 'quota_exceeded']);
    expect((await get('/v2/kv')).json.keys).toEqual([]);
    expect((await batch(ops.slice(0, 2))).status).toBe(200);
  });

  test('takes a token', async () => {
    const { server } = served;
    await newUser(server);
    expect((await server.request('POST', '/v2/batch', { ops: [] })).status).toBe(401);
  });
});
