import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntryDoc } from '../../../src/core/collections.ts';
import { storeValue, valueAsJson } from '../../../src/core/entries/values.ts';

const LIMIT = 1_048_576;
const entry = (fields: Partial<EntryDoc> & { value: unknown }): EntryDoc => ({ user_id: 'u', key: 'k', ...fields });

/** The value after it was sent as JSON, stored and read. */
async function roundTrip(json: string): Promise<unknown> {
  return JSON.parse(valueAsJson(entry(await storeValue(JSON.parse(json), LIMIT))));
}

async function code(value: unknown, limit = LIMIT): Promise<string> {
  try {
    await storeValue(value, limit);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function nested(depth: number, open: string, close: string): unknown {
  return JSON.parse(open.repeat(depth) + close.repeat(depth));
}

describe('storing a value', () => {
  test('gives any JSON value back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async value => {
        const json = Object.is(value, -0) ? '-0' : JSON.stringify(value);
        expect(await roundTrip(json)).toStrictEqual(JSON.parse(json));
      }),
    );
  });

  test('keeps a string byte for byte, as itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async text => {
        expect(await storeValue(text, LIMIT)).toEqual({ value: text, size: Buffer.byteLength(text) });
        expect(await roundTrip(JSON.stringify(text))).toBe(text);
      }),
    );
  });

  test.each([
    '""',
    '"\\u0000"',
    '0',
    '-0',
    'false',
    'null',
    '[]',
    '{}',
    '[[-0,{"a":-0}],0]',
    '9007199254740993',
    '1e-7',
  ])('keeps %s', async json => {
    expect(await roundTrip(json)).toStrictEqual(JSON.parse(json));
  });

  test('writes very many members as they were, others having their turn', async () => {
    const members = Array.from({ length: 40_000 }, (_, i) => `"${i}":{"__proto__":[${i},-0,null,"a\\"${i}",{}]}`);
    const json = `{${members.join()}}`;
    let turns = 0;
    const count = () => {
      turns++;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    expect((await storeValue(JSON.parse(json), 10 * LIMIT)).value).toBe(json);
    clearImmediate(timer);
    expect(turns).toBeGreaterThan(2);
  });

  test.each(['{"__proto__":{"a":1}}', '{"$gt":"","a.b":{"$where":1}}', '{"constructor":1,"toJSON":2,"":3}'])(
    'keeps the names of %s',
    async json => {
      expect(valueAsJson(entry(await storeValue(JSON.parse(json), LIMIT)))).toBe(json);
    },
  );

  test('tells the string {} from the object {}', async () => {
    expect([await roundTrip('"{}"'), await roundTrip('{}')]).toEqual(['{}', {}]);
  });

  test('refuses a lone surrogate wherever it stands', async () => {
    const lone = 'a\udc00';
    for (const value of [lone, [lone], { a: [{ b: lone }] }, { [lone]: 1 }])
      expect(await code(value)).toBe('value_invalid');
  });

  test('refuses what JSON cannot say', async () => {
    for (const value of [undefined, Number.POSITIVE_INFINITY, [Number.NaN], 1n, [() => 1]]) {
      expect(await code(value)).toBe('value_invalid');
    }
  });

  test('takes 1000 levels and no more, and a million levels cost no stack', async () => {
    expect(await code(nested(1000, '[', ']'))).toBe('ok');
    expect(await code(nested(1001, '[', ']'))).toBe('value_invalid');
    expect(await code(JSON.parse(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`))).toBe('ok');
    expect(await code(JSON.parse(`${'{"a":'.repeat(1001)}1${'}'.repeat(1001)}`))).toBe('value_invalid');
    let deep: unknown[] = [];
    for (let i = 0; i < 1_000_000; i++) deep = [deep];
    expect(await code(deep)).toBe('value_invalid');
  });

  test('counts the bytes of the JSON text, for strings and others', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.integer({ min: 1, max: 60 }),
        async (value, limit) => {
          const bytes = Buffer.byteLength(JSON.stringify(value));
          fc.pre(!JSON.stringify(value).includes('-0') && !Object.is(value, -0));
          expect(await code(value, limit)).toBe(bytes <= limit ? 'ok' : 'request_too_large');
        },
      ),
    );
  });

  test('names the limit', async () => {
    await expect(storeValue('abc', 4)).rejects.toThrow(/at most 4 bytes/);
    expect(await code('abc', 5)).toBe('ok');
  });
});

describe('a value that the original service stored', () => {
  const stored: [json: string, value: unknown][] = [
    ['"text"', 'text'],
    ['""', ''],
    ['7', 7],
    ['1.5', 1.5],
    ['9007199254740993', 9007199254740993n],
    ['true', true],
    ['null', null],
    ['[1,["a",null]]', [1n, ['a', null]]],
    ['{"a":{"b":2},"c\\"":"d"}', { a: { b: 2n }, 'c"': 'd' }],
    ['{"__proto__":1}', JSON.parse('{"__proto__":1}')],
    ['"1970-01-01T00:00:00.000Z"', new Date(0)],
    ['{"at":null}', { at: new Date(Number.NaN) }],
    ['"AQL/"', new Uint8Array([1, 2, 255])],
    ['null', Number.NaN],
  ];
  for (const [json, value] of stored) {
    test(`reads as ${json}`, () => {
      expect(valueAsJson(entry({ value }))).toBe(json);
    });
  }
});
