import { expect, type TestContext, test, vi } from 'vitest';
import { entriesSpec } from '../../../src/core/collections.ts';
import { forEachEngine, needs } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { fill, linesOf, newFilled, numbered } from './filled.ts';

const MIB = 1_048_576;

forEachEngine('a list with values', engine => {
  const served = sharedServer(engine);
  const many = engine.name === 'embedded' ? 2500 : 60;
  const large = engine.name === 'embedded' ? 40 : 8;

  /** Where queries go by no index each reads megabytes of what others have stored, for longer than it may take. */
  const needsIndexes = (context: TestContext) => needs(context, engine, 'explain');

  async function put(path: string, headers: Record<string, string>, type: string, body: Uint8Array | string) {
    const answer = await fetch(`${served.server.url}/v2/kv/${path}`, {
      method: 'PUT',
      headers: { ...headers, 'Content-Type': type },
      body: Buffer.from(body),
    });
    expect(answer.status).toBe(201);
  }

  test('has texts and whatever is UTF-8 as `value`, and other bytes as `value_base64`', async () => {
    const { server } = served;
    const { headers, get } = await newFilled(server);
    const binary = Buffer.from([0xff, 0, 0xfe]);
    await server.request('POST', '/user/me/store/original', { value: { a: 1 } }, headers);
    await put('text', headers, 'text/plain', 'né "\u0000\u2028');
    await put('json', headers, 'application/json', '{"n": 369553424691494913}');
    await put('utf8', headers, 'application/octet-stream', '\ufeffx😀');
    await put('bytes', headers, 'application/octet-stream', binary);
    await put('empty', headers, 'image/png', '');
    const { json } = await get('/v2/kv?values=1');
    const values = json.keys.map((entry: Record<string, unknown>) => [entry.key, entry.value, entry.value_base64]);
    expect(values).toEqual([
      ['bytes', undefined, binary.toString('base64')],
      ['empty', '', undefined],
      ['json', '{"n": 369553424691494913}', undefined],
      ['original', '{"a":1}', undefined],
      ['text', 'né "\u0000\u2028', undefined],
      ['utf8', '\ufeffx😀', undefined],
    ]);
  });

  test('ends a page before 4 MiB of them, and a longer one stands alone', async context => {
    needsIndexes(context);
    const { server } = served;
    const { headers, get, accountId } = await newFilled(server, ['a']);
    const long = '😀"'.repeat(MIB);
    const binary = Buffer.alloc(2 * MIB + 1, 0xfe);
    await put('b', headers, 'text/plain', long);
    await put('c', headers, 'application/octet-stream', binary);
    await put('d', headers, 'application/octet-stream', 'z'.repeat(2 * MIB));
    await fill(server, accountId, numbered(9, 'e'), () => ({ value: 'x'.repeat(MIB / 2), size: MIB / 2 }));
    const found: [string, boolean][][] = [];
    let place = '';
    do {
      const { json } = await get(`/v2/kv?values=1${place}`);
      found.push(
        json.keys.map((entry: Record<string, string>) => {
          const { key = '', value, value_base64 } = entry;
          const bytes = value === undefined ? Buffer.from(value_base64 ?? '', 'base64') : Buffer.from(value);
          const wanted = key === 'b' ? long : key === 'c' ? binary : undefined;
          return [
            key,
            bytes.length === Number(entry.size) && (wanted === undefined || bytes.equals(Buffer.from(wanted))),
          ];
        }),
      );
      place = json.complete ? '' : `&cursor=${json.cursor}`;
    } while (place !== '');
    expect(found.flat().every(([, isRight]) => isRight)).toBe(true);
    expect(found.map(page => page.map(([key]) => key.slice(0, 2).replace('e0', 'e')).join(''))).toEqual([
      'a',
      'b',
      'c',
      'deeee',
      'eeeee',
    ]);
  });

  test('as NDJSON is all of it, an entry a line, folders among them, however much it is', async context => {
    needsIndexes(context);
    const { headers, get, accountId } = await newFilled(served.server, [
      'a',
      ...numbered(many, 'f/'),
      ...numbered(many, 'm'),
    ]);
    await put('long', headers, 'text/plain', 'y'.repeat(MIB + 5));
    await fill(served.server, accountId, numbered(large, 'n'), () => ({ value: 'x'.repeat(MIB / 4), size: MIB / 4 }));
    const all = await get('/v2/kv', { Accept: 'application/x-ndjson' });
    expect(all.headers.get('Content-Type')).toBe('application/x-ndjson');
    expect(linesOf(all.text)).toHaveLength(2 * many + large + 2);
    const whole = linesOf((await get('/v2/kv?values=1&separator=/&limit=3', { Accept: 'application/x-ndjson' })).text);
    expect(whole.map(line => line.key ?? line.prefix)).toEqual([
      'a',
      'f/',
      'long',
      ...numbered(many, 'm'),
      ...numbered(large, 'n'),
    ]);
    expect(whole[1]).toEqual({ prefix: 'f/' });
    expect(whole[2]?.value).toHaveLength(MIB + 5);
    expect((await get('/v2/kv?prefix=none', { Accept: 'application/x-ndjson' })).text).toBe('');
  });

  test('as NDJSON ends with the connection', async context => {
    needsIndexes(context);
    const { server } = served;
    const { headers, accountId } = await newFilled(server);
    await fill(server, accountId, numbered(64, 'k'), () => ({ value: 'x'.repeat(MIB / 2), size: MIB / 2 }));
    const entries = server.core.storage.collection(entriesSpec);
    const reading = vi.spyOn(entries, 'getMany');
    try {
      const stop = new AbortController();
      const answer = await fetch(`${server.url}/v2/kv?values=1`, {
        headers: { ...headers, Accept: 'application/x-ndjson' },
        signal: stop.signal,
      });
      await answer.body?.getReader().read();
      stop.abort();
      // Whoever asks next is answered after the other has gone.
      await server.request('GET', '/v2/limits', undefined, headers);
      const before = reading.mock.calls.length;
      await server.request('GET', '/v2/limits', undefined, headers);
      expect(reading.mock.calls.length - before).toBeLessThanOrEqual(1);
      expect(reading.mock.calls.length).toBeLessThan(32);
    } finally {
      reading.mockRestore();
    }
  });

  test('of the original service has what there is of them', async () => {
    const { accountId, get } = await newFilled(served.server);
    const original = { size: undefined, etag: undefined, created_at: undefined, updated_at: undefined };
    await fill(served.server, accountId, ['old', 'older'], (_, i) => ({
      ...original,
      value: i === 0 ? 'text' : '[1]',
    }));
    const { json } = await get('/v2/kv?values=1');
    expect(json.keys).toEqual([
      {
        key: 'old',
        etag: expect.stringMatching(/^"[^"]+"$/),
        size: 4,
        content_type: 'text/plain; charset=utf-8',
        updated_at: null,
        expires_at: null,
        value: 'text',
      },
      expect.objectContaining({ key: 'older', size: 3 }),
    ]);
    const listed = (await get('/v2/kv')).json;
    expect(listed.keys.map((entry: { etag: string }) => entry.etag)).toEqual(
      json.keys.map((entry: { etag: string }) => entry.etag),
    );
    const head = await served.server.request('HEAD', '/v2/kv/old', undefined, { Authorization: '' });
    expect(head.status).toBe(401);
  });
});
