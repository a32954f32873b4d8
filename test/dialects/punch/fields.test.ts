import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newApi, punchOf } from './open-punch.ts';

const ID = '0b2f9a30-5c1e-4f7d-9e6a-1234567890ab';

forEachEngine('a stored punch', engine => {
  const punch = sharedServer(engine);

  /** Uploads JSON text as one punch and returns the text that comes back. */
  async function readBack(text: string, id = ID): Promise<string> {
    const api = await newApi(punch.server);
    const stored = await api.send('POST', 'upload', `{"punches":[${text}]}`);
    expect([stored.status, stored.text]).toEqual([204, '']);
    const answer = await api.send('POST', 'download', { ids: [id] });
    expect(answer.status).toBe(200);
    return answer.text.slice('{"punches":['.length, -']}'.length);
  }

  const withField = (field: string) =>
    `{"id":"${ID}","project":"garden","in":1,"out":null,"rate":0,"comments":[],"created":1,"updated":2,${field}}`;

  test('has defaults for what the client left out', async () => {
    const text = await readBack(`{"id":"${ID}","project":"garden","in":5,"updated":9}`);
    expect(JSON.parse(text)).toEqual({
      id: ID,
      project: 'garden',
      in: 5,
      out: null,
      rate: 0,
      comments: [],
      created: 5,
      updated: 9,
    });
  });

  test('has 0 for a rate of null, and null for an out of null', async () => {
    const text = await readBack(`{"id":"${ID}","project":"a","in":5,"updated":9,"rate":null,"out":null}`);
    expect(JSON.parse(text)).toMatchObject({ rate: 0, out: null });
  });

  test('keeps the least of everything, and does not take it for absent', async () => {
    const given = `{"id":"${ID}","project":"a","in":0,"out":0,"rate":0,"comments":[],"created":0,"updated":0}`;
    expect(await readBack(given)).toBe(given);
  });

  test('keeps numbers as they are', async () => {
    const given =
      `{"id":"${ID}","project":"a","in":0.1,"out":8640000000000000,"rate":1.7976931348623157e+308,` +
      '"comments":[{"comment":"a","timestamp":5e-324}],"created":8639999999999999,"updated":1699999999999.5}';
    expect(await readBack(given)).toBe(given);
  });

  test('keeps comments in their order, and texts to the character', async () => {
    const comments = ['z', 'a', ' ', '\u0000', '\u2028', '😀', 'é', 'é', '"\\/', '{"$ne":null}', '</script>'];
    const given = punchOf({
      id: ID,
      project: '\u0000Ⅷ\n\t\u007f😀',
      comments: comments.map((comment, i) => ({ comment, timestamp: comments.length - i })),
    });
    expect(JSON.parse(await readBack(JSON.stringify(given)))).toEqual(given);
  });

  test('keeps lone surrogates in texts', async () => {
    const text = await readBack(
      `{"id":"${ID}","project":"\\ud800","in":1,"updated":2,"comments":[{"comment":"\\udfff x","timestamp":1}],"a\\ud83d":"\\ud83d"}`,
    );
    expect(JSON.parse(text)).toMatchObject({
      project: '\ud800',
      comments: [{ comment: '\udfff x', timestamp: 1 }],
      'a\ud83d': '\ud83d',
    });
  });

  test.each([
    '"tags":["a","b"],"client":{"name":"ACME","vat":0.19}',
    '"a.b":1,".":2,"":3,"a.b.c.":{"x.y":4}',
    '"$set":{"x":1},"$where":"1","$":null,"a$b":{"$gt":""}',
    '"_id":1,"user_id":"somebody else","body":"{}","mark":5,"key":"x","expires_at":0',
    '"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":null,"hasOwnProperty":0',
    '"toJSON":"x","then":1,"valueOf":[]',
    '"\\u0000":1,"a\\u0000b":"\\u0000"',
    '"big":9007199254740991,"small":-5e-324,"e":1e+21',
    '"deleted":true,"nothing":null,"yes":true',
    '"$numberLong":"5","$oid":"x","$date":0,"_bsontype":"ObjectId"',
  ])('keeps fields of the client as they are: %s', async field => {
    expect(await readBack(withField(field))).toBe(withField(field));
  });

  test('keeps fields of the client in a comment', async () => {
    const given =
      `{"id":"${ID}","project":"a","in":1,"out":2,"rate":0,"comments":[{"comment":"a","timestamp":1,"$x.y":{"z":[1]},` +
      '"__proto__":2}],"created":1,"updated":2}';
    expect(await readBack(given)).toBe(given);
  });

  test('keeps what nests 1000 deep, and is refused beyond', async () => {
    const nested = (depth: number) => withField(`"deep":${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(await readBack(nested(1000))).toBe(nested(1000));
    const api = await newApi(punch.server);
    for (const [depth, error] of [
      [1001, 'punches[0]: nests deeper than 1000'],
      [500_000, 'the body nests deeper than 1005: send it flatter'],
    ] as const) {
      const answer = await api.send('POST', 'upload', `{"punches":[${nested(depth)}]}`);
      expect([answer.status, answer.json.error]).toEqual([400, error]);
    }
    expect(await api.manifest()).toEqual({});
  });

  test.each([
    '"remote_id":369553424691494913',
    '"n":[1.0,1E5,1e+05,-0,-0.0,0.10,1e400,-1e999,9007199254740993,0.1000000000000000055511151231257827]',
    '"a":{"b":[1,{"c":-1e999,"d":{"\\"e\\\\":18446744073709551615}}]}',
    '"a":"\\"1.0\\",\\\\","b\\"":2.50,"c":"{[:,","d":[[],{},[{}],1.0]',
    '"b":1.0,"10":1,"9":2',
  ])('keeps fields of the client as they are written: %s', async field => {
    expect(await readBack(withField(field))).toBe(withField(field));
  });

  test('keeps numbers as they are written in its own fields and in comments too', async () => {
    const given =
      `{"id":"${ID}","project":"a","in":1.0,"out":1E5,"rate":0.10,"comments":[{"comment":"a","timestamp":1e0,` +
      '"remote_id":9007199254740993,"x":[1e400]}],"created":-0,"updated":2.000}';
    expect(await readBack(given)).toBe(given);
  });

  test('comes back without the blanks between its parts, and with those in its texts', async () => {
    const given = withField('"note":" a : [ 1 ] ","list":[1.0,{"x":" "}]');
    const spaced = given.replaceAll(/(?<=[{,:[])|(?=[}\],])/g, (_, at) => (at % 2 === 0 ? ' \n' : '\t'));
    const note = /"note":\s*"[^"]*"/;
    expect(await readBack(spaced.replace(note, '"note" : " a : [ 1 ] "'))).toBe(given);
  });

  test('has of a name that comes twice the last value', async () => {
    const given = withField('"x":1.0,"updated":7,"x":[2.0],"project":"last"');
    const api = await newApi(punch.server);
    await api.send('POST', 'upload', `{"punches":[{"id":5}],"punches":[${given}]}`);
    expect(await api.manifest()).toEqual({ [ID]: 7 });
    const { text } = await api.send('POST', 'download', { ids: [ID] });
    expect(text).toBe(
      `{"punches":[{"id":"${ID}","project":"last","in":1,"out":null,"rate":0,"comments":[],"created":1,"updated":7,"x":[2.0]}]}`,
    );
  });

  test('has its id as it was sent: letter case counts', async () => {
    const api = await newApi(punch.server);
    const lower = punchOf({ id: ID, project: 'lower' });
    const upper = punchOf({ id: ID.toUpperCase(), project: 'upper' });
    await api.upload(lower, upper);
    expect(await api.download(upper.id, lower.id)).toEqual([upper, lower]);
    await api.remove(upper.id);
    expect(await api.manifest()).toEqual({ [lower.id]: lower.updated });
  });

  test.each([
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '6fa459ea-ee8a-3ca4-894e-db77e160355e',
    '0189F7C2-7B1A-7CC0-8000-0123456789AB',
  ])('may have a UUID of any version: %s', async id => {
    const api = await newApi(punch.server);
    await api.upload(punchOf({ id }));
    expect(await api.manifest()).toEqual({ [id]: 3_000 });
  });
});
