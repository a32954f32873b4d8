import { Binary, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newToken } from './open-keybin.ts';
import { originalDatabase, originalUser, serve } from './open-original.ts';

/** What the original may have stored, and the JSON of it. */
const VALUES: readonly [string, unknown, string][] = [
  ['text', 'plain', '"plain"'],
  ['text with U+0000', 'a\0b', '"a\\u0000b"'],
  ['what looks like JSON', '{"a":1}', '"{\\"a\\":1}"'],
  ['an int32', new Int32(-5), '-5'],
  ['an int64', Long.fromString('1099511627776'), '1099511627776'],
  ['an int64 beyond what JavaScript counts', Long.fromString('9223372036854775807'), '9223372036854775807'],
  ['a double', new Double(1.5), '1.5'],
  ['true', true, 'true'],
  ['false', false, 'false'],
  ['null', null, 'null'],
  ['an empty list', [], '[]'],
  ['a list', [1, 'x', null, { a: [] }], '[1,"x",null,{"a":[]}]'],
  ['an empty object', {}, '{}'],
  ['an object', { a: { b: [{ c: 1 }] }, d: null }, '{"a":{"b":[{"c":1}]},"d":null}'],
  [
    'an object with names of ours',
    { encoding: 'json', value: 1, etag: 'x' },
    '{"encoding":"json","value":1,"etag":"x"}',
  ],
];

/** What not every server at hand takes; JSON is given where there is only one way to write it. */
const RARE_VALUES: readonly [string, unknown, string?][] = [
  ['a list in a list', [[1, []]], '[[1,[]]]'],
  ['a date', new Date(0)],
  ['an object id', new ObjectId()],
  ['bytes', new Binary(Buffer.from([1, 2, 3]))],
  ['not a number', new Double(Number.NaN)],
  ['infinity', new Double(Number.POSITIVE_INFINITY)],
  ['a regular expression', /x/i],
  ['a decimal', Decimal128.fromString('1.5')],
];

forEachEngine(
  "a value in the original's database",
  engine => {
    test('gives values of every type back as JSON', async () => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret');
      await db.collection('store').insertMany(VALUES.map(([, value], i) => ({ key: `k${i}`, value, user_id })));
      const server = await serve(opened);
      const token = await newToken(server, { username: 'ann', password: 's3cret' });
      for (const [i, [name, , json]] of VALUES.entries()) {
        const answer = await server.request('GET', `/user/${token}/store/k${i}`);
        expect([name, answer.status, answer.text]).toEqual([name, 200, `{"value":${json}}`]);
      }
    });

    test.for(RARE_VALUES)('gives %s back as JSON', async ([name, value, json], context) => {
      const { opened, db } = await originalDatabase(engine);
      const user_id = await originalUser(db, 'ann', 's3cret');
      const inserted = await db
        .collection('store')
        .insertOne({ key: 'a', value, user_id })
        .catch(() => undefined);
      if (!inserted) context.skip(`this MongoDB server does not take ${name}`);
      const server = await serve(opened);
      const token = await newToken(server, { username: 'ann', password: 's3cret' });
      const answer = await server.request('GET', `/user/${token}/store/a`);
      expect([answer.status, Object.keys(answer.json ?? {})]).toEqual([200, ['value']]);
      if (json !== undefined) expect(answer.text).toBe(`{"value":${json}}`);
      expect((await server.request('GET', `/user/${token}/keys`)).json).toEqual({ keys: ['a'] });
    });
  },
  ['mongodb'],
);
