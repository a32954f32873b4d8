import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EntryDoc } from '../../../src/core/collections.ts';
import { storeValue, valueAsJson } from '../../../src/core/entries/values.ts';

const LIMIT = 1_048_576;
const entry = (fields: Partial<EntryDoc> & { value: unknown }): EntryDoc => ({ user_id: 'u', key: 'k', ...fields });

/** The value after it was sent as JSON, stored and read. */
function roundTrip(json: string): unknown {
  return JSON.parse(valueAsJson(entry(storeValue(JSON.parse(json), LIMIT))));
}

function code(value: unknown, limit = LIMIT): string {
  try {
    storeValue(value, limit);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function nested(depth: number, open: string, close: string): unknown {
  return JSON.parse(open.repeat(depth) + close.repeat(depth));
}

describe('storing a value', () => {
  test('gives any JSON value back as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        const json = Object.is(value, -0) ? '-0' : JSON.stringify(value);
        expect(roundTrip(json)).toStrictEqual(JSON.parse(json));
      }),
    );
  });

  test('keeps a string byte for byte, as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(storeValue(text, LIMIT)).toEqual({ value: text, size: Buffer.byteLength(text) });
        expect(roundTrip(JSON.stringify(text))).toBe(text);
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
  ])('keeps %s', json => {
    expect(roundTrip(json)).toStrictEqual(JSON.parse(json));
  });

  test.each(['{"__proto__":{"a":1}}', '{"$gt":"","a.b":{"$where":1}}', '{"constructor":1,"toJSON":2,"":3}'])(
    'keeps the names of %s',
    json => {
      expect(valueAsJson(entry(storeValue(JSON.parse(json), LIMIT)))).toBe(json);
    },
  );

  test('tells the string {} from the object {}', () => {
    expect([roundTrip('"{}"'), roundTrip('{}')]).toEqual(['{}', {}]);
  });

  test('refuses a lone surrogate wherever it stands', () => {
    const lone = 'a\udc00';
    for (const value of [lone, [lone], { a: [{ b: lone }] }, { [lone]: 1 }]) expect(code(value)).toBe('value_invalid');
  });

  test('refuses what JSON cannot say', () => {
    for (const value of [undefined, Number.POSITIVE_INFINITY, [Number.NaN], 1n, [() => 1]]) {
      expect(code(value)).toBe('value_invalid');
    }
  });

  test('takes 1000 levels and no more, and a million levels cost no stack', () => {
    expect(code(nested(1000, '[', ']'))).toBe('ok');
    expect(code(nested(1001, '[', ']'))).toBe('value_invalid');
    expect(code(JSON.parse(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`))).toBe('ok');
    expect(code(JSON.parse(`${'{"a":'.repeat(1001)}1${'}'.repeat(1001)}`))).toBe('value_invalid');
    let deep: unknown[] = [];
    for (let i = 0; i < 1_000_000; i++) deep = [deep];
    expect(code(deep)).toBe('value_invalid');
  });

  test('counts the bytes of the JSON text, for strings and others', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
        fc.integer({ min: 1, max: 60 }),
        (value, limit) => {
          const bytes = Buffer.byteLength(JSON.stringify(value));
          fc.pre(!JSON.stringify(value).includes('-0') && !Object.is(value, -0));
          expect(code(value, limit)).toBe(bytes <= limit ? 'ok' : 'request_too_large');
        },
      ),
    );
  });

  test('names the limit', () => {
    expect(() => storeValue('abc', 4)).toThrow(/at most 4 bytes/);
    expect(code('abc', 5)).toBe('ok');
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
