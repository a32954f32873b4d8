import { expect, test } from 'vitest';
import { exchange } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newApi, type Punch, punchOf } from './open-punch.ts';

const MIB = 1_048_576;
const BODY = 16 * MIB;

/** A punch whose JSON text has exactly `bytes` bytes. */
function sized(bytes: number, given: Partial<Punch> = {}): Punch {
  const rest = Buffer.byteLength(JSON.stringify(punchOf({ ...given, note: '' })));
  return punchOf({ ...given, note: 'x'.repeat(bytes - rest) });
}

/** `body` with spaces behind it, so that it has exactly `bytes` bytes. */
const padded = (body: unknown, bytes: number) => {
  const text = JSON.stringify(body);
  return text + ' '.repeat(bytes - Buffer.byteLength(text));
};

/** A body of `bytes` blanks, in one chunk. */
const chunked = (bytes: number) => Buffer.from(`${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n0\r\n\r\n`);

forEachEngine('the limit', engine => {
  const punch = sharedServer(engine);

  test('of a punch is 1 MiB of JSON, exactly', async () => {
    const api = await newApi(punch.server);
    const largest = sized(MIB);
    expect(Buffer.byteLength(JSON.stringify(largest))).toBe(MIB);
    await api.upload(largest);
    expect((await api.download(largest.id))[0]?.note === largest.note).toBe(true);

    const small = punchOf();
    const answer = await api.send('POST', 'upload', { punches: [small, { ...largest, note: `${largest.note}x` }] });
    expect([answer.status, answer.json]).toEqual([
      413,
      { error: `punches[1]: too large: at most ${MIB} bytes are taken here`, code: 'request_too_large', limit: MIB },
    ]);
    expect(await api.manifest()).toEqual({ [largest.id]: largest.updated });
  });

  test('of a punch counts bytes, not characters', async () => {
    const api = await newApi(punch.server);
    const room = MIB - Buffer.byteLength(JSON.stringify(punchOf({ note: '' })));
    const note = 'é'.repeat(room >> 1) + 'x'.repeat(room % 2);
    await api.upload(punchOf({ note }));
    const answer = await api.send('POST', 'upload', { punches: [punchOf({ note: `${note}é` })] });
    expect([answer.status, answer.json.code]).toEqual([413, 'request_too_large']);
  });

  test('of a punch does not count what the server fills in, nor blanks between', async () => {
    const api = await newApi(punch.server);
    const { out: _, rate: __, comments: ___, created: ____, ...short } = punchOf({ note: '' });
    const note = 'x'.repeat(MIB - Buffer.byteLength(JSON.stringify(short)));
    const text = JSON.stringify({ ...short, note }, undefined, 8);
    expect((await api.send('POST', 'upload', `{"punches":[${text}]}`)).status).toBe(204);
    const [stored] = await api.download(short.id);
    expect([stored?.out, stored?.rate, stored?.comments, stored?.created]).toEqual([null, 0, [], short.in]);
    const answer = await api.send('POST', 'upload', { punches: [{ ...short, note: `${note}x` }] });
    expect(answer.status).toBe(413);
  });

  test('of a body is 16 MiB, exactly', async () => {
    const api = await newApi(punch.server);
    const stored = punchOf();
    for (const [name, body] of [
      ['upload', { punches: [stored] }],
      ['download', { ids: [stored.id] }],
      ['delete', { ids: [] }],
    ] as const) {
      const fits = await api.send('POST', name, padded(body, BODY));
      expect([name, fits.status]).toEqual([name, name === 'download' ? 200 : 204]);
      const answer = await api.send('POST', name, padded(body, BODY + 1));
      expect([name, answer.status, answer.json]).toEqual([
        name,
        413,
        { error: expect.stringContaining(String(BODY)), code: 'request_too_large', limit: BODY },
      ]);
    }
  });

  test.each([
    ['too large', 'Transfer-Encoding: chunked', 413, chunked(BODY + 4 * MIB)],
    ['damaged', `Content-Encoding: gzip\r\nContent-Length: ${4 * MIB}`, 400, Buffer.alloc(4 * MIB)],
  ])('of a body refused half-way (%s) leaves the connection to the next request', async (_, framing, status, body) => {
    const api = await newApi(punch.server);
    const head = (line: string, rest: string) =>
      `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: ${api.headers.Authorization}\r\n${rest}\r\n\r\n`;
    const upload = head('POST /api/v1/punches/upload', framing);
    const next = head('GET /api/v1/punches/manifest', 'Connection: close');
    const requests = Buffer.concat([Buffer.from(upload), body, Buffer.from(next)]);
    expect((await exchange(punch.server.url, requests)).statuses).toEqual([status, 200]);
  });

  test('leaves room for a first sync of thousands of punches', async () => {
    const api = await newApi(punch.server);
    const count = engine.name === 'embedded' ? 10_000 : 80;
    const punches = Array.from({ length: count }, (_, i) => sized(1_000, { updated: i }));
    await api.upload(...punches);
    const manifest = await api.manifest();
    expect(Object.keys(manifest)).toHaveLength(count);
    expect(await api.download(...Object.keys(manifest))).toHaveLength(count);
  });

  test('leaves room for punches of a mebibyte in one download', async () => {
    const api = await newApi(punch.server);
    const count = engine.name === 'embedded' ? 70 : 3;
    const punches = Array.from({ length: count }, () => sized(MIB));
    for (const one of punches) await api.upload(one);
    const { text } = await api.send('POST', 'download', { ids: punches.map(({ id }) => id) });
    expect(text).toHaveLength('{"punches":[]}'.length + count * MIB + count - 1);
  });
});
