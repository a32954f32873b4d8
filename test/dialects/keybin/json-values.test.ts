import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newUser, sharedUser } from './open-keybin.ts';

forEachEngine('a value of JSON', engine => {
  const keybin = sharedServer(engine);
  const user = sharedUser(keybin);

  /** Stores the JSON text and returns the text of what comes back. */
  async function readBack(text: string): Promise<string> {
    const { path } = user;
    const stored = await keybin.server.request('POST', `${path}/store/a`, `{"value":${text}}`);
    expect([stored.status, stored.json]).toEqual([200, { result: 'ok' }]);
    const { status, text: answer } = await keybin.server.request('GET', `${path}/store/a`);
    expect(status).toBe(200);
    return answer;
  }

  test.each([
    'null',
    'true',
    'false',
    '0',
    '1',
    '-1',
    '-0',
    '[-0,0,{"a":-0}]',
    '0.1',
    '1e+21',
    '5e-324',
    '1.7976931348623157e+308',
    '9007199254740991',
    '-9007199254740993.5e-3',
    '[]',
    '{}',
    '[null,false,0,"",[],{}]',
    '[[],[[]],[[[]]]]',
    '""',
    '{"":""}',
    '{"a":{"b":{"c":[1,{"d":null}]}}}',
    '{"$set":{"x":1},"$where":"1","a.b":1,"a.b.c":2,".":3,"$":4}',
    '{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":null,"toJSON":5,"hasOwnProperty":0}',
    '{"\\u0000":1,"a\\u0000b":"\\u0000"}',
    '{"_id":1,"_bsontype":"ObjectId","value":2,"user_id":"x","key":"y","encoding":"bytes"}',
    '{"$numberLong":"5","$oid":"x","$date":0,"$binary":"AA=="}',
    '"😀"',
    '[{"1":"x"},{"0":"y","a":"z"}]',
  ])('comes back as the same value: %s', async text => {
    const answer = await readBack(text);
    expect(JSON.parse(answer)).toEqual({ value: JSON.parse(text) });
    expect(answer).toBe(`{"value":${text.includes('5e-3') ? JSON.stringify(JSON.parse(text)) : text}}`);
  });

  test.each([
    ['12345678901234567890', 12345678901234567000],
    ['9007199254740993', 9007199254740992],
    ['1e400000000000000', undefined],
    ['1.0', 1],
    ['1E2', 100],
    ['0.1000000000000000055511151231257827', 0.1],
    ['1e-400', 0],
  ])('keeps of a number what JSON.parse keeps: %s', async (text, kept) => {
    if (kept === undefined) {
      const answer = await keybin.server.request('POST', `${user.path}/store/a`, `{"value":${text}}`);
      expect([answer.status, answer.json.code]).toEqual([400, 'value_invalid']);
    } else {
      expect(JSON.parse(await readBack(text))).toEqual({ value: kept });
    }
  });

  test('keeps apart what only looks alike', async () => {
    const texts = ['"{}"', '{}', '"null"', 'null', '"0"', '0', '""', '[]', 'false'];
    for (const text of texts) expect(await readBack(text)).toBe(`{"value":${text}}`);
  });

  test('may nest 1000 deep, and no deeper', async () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    for (const deepest of [nested(1000), objects(1000)]) expect(await readBack(deepest)).toBe(`{"value":${deepest}}`);
    const { path } = await newUser(keybin.server);
    for (const tooDeep of [nested(1001), objects(1001), nested(100_000), `{"a":${nested(1000)}}`]) {
      const answer = await keybin.server.request('POST', `${path}/store/a`, `{"value":${tooDeep}}`);
      expect([answer.status, answer.json.code]).toEqual([400, 'value_invalid']);
    }
    expect((await keybin.server.request('GET', `${path}/store/a`)).status).toBe(404);
  });

  test('may be wide', async () => {
    const value = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`name ${i}`, i]));
    expect(JSON.parse(await readBack(JSON.stringify(value)))).toEqual({ value });
  });

  test('is the last one when the body names it twice', async () => {
    const { path } = await newUser(keybin.server);
    await keybin.server.request('POST', `${path}/store/a`, '{"value":1,"other":2,"value":3}');
    expect((await keybin.server.request('GET', `${path}/store/a`)).json).toEqual({ value: 3 });
  });

  test.each(['{}', '{"Value":1}', '{"values":1}', '{"__proto__":{"value":1}}', '{"constructor":1}'])(
    'that is missing is 400: %s',
    async body => {
      const answer = await keybin.server.request('POST', `${user.path}/store/missing`, body);
      expect([answer.status, answer.json.code]).toEqual([400, 'value_missing']);
      expect((await keybin.server.request('GET', `${user.path}/store/missing`)).status).toBe(404);
    },
  );
});
