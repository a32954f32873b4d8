import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonCheck } from '../../src/base/json/check.ts';

function isJson(text: string, pieces = 1): boolean {
  const bytes = Buffer.from(text);
  const check = new JsonCheck();
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  for (let at = 0; at < bytes.length; at += size) check.look(bytes.subarray(at, at + size));
  return check.isWhole();
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('what JSON.parse takes is JSON, in whatever pieces it comes, and nothing else is', () => {
  const soup = fc.array(
    fc.constantFrom(...'{}[]",:\\ \n019-+.eEtruefalsn', '"a"', 'true', 'null', 'false', '\\u00e9', '1.5e3', 'é'),
    { maxLength: 12 },
  );
  const examples = [
    '',
    ' ',
    '-',
    '-0',
    '01',
    '1.',
    '1.e1',
    '1e',
    '1e+',
    '.5',
    '[1,]',
    '{"a":1,}',
    '{,}',
    '[,]',
    '"\\x"',
    '"\t"',
  ];
  for (const text of [
    ...examples,
    '{"a":[1,{"b":null}]}',
    '"\\ud800"',
    '1 1',
    '[] ',
    'nul',
    'nulll',
    '\ufeff1',
    '{"a" 1}',
    '{1:1}',
  ]) {
    expect([text, isJson(text)]).toEqual([text, parses(text)]);
  }
  fc.assert(
    fc.property(soup, fc.integer({ min: 1, max: 5 }), (parts, pieces) => {
      const text = parts.join('');
      expect(isJson(text, pieces)).toBe(parses(text));
    }),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 1, max: 5 }), (text, pieces) => {
      expect(isJson(text, pieces)).toBe(true);
    }),
  );
});

test('what nests deeper than a thousand is taken for no JSON', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  expect([isJson(nested(1000)), isJson(nested(1001))]).toEqual([true, false]);
});
