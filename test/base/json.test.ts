import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AppError } from '../../src/base/errors.ts';
import { parseJson, TrailingJsonError } from '../../src/base/json/parse.ts';
import { rangesIn } from '../../src/base/json/ranges.ts';
import { membersOf } from '../../src/base/json/source.ts';

const ROOMY = { depth: 1_000, values: 1_000_000 };

/** Parts as short as can be: every list and every object is put together. */
const SMALLEST = 1;

const parsed = (text: string, atOnce?: number) => parseJson(Buffer.from(text), ROOMY, atOnce);

/** What `JSON.parse` says of a text; undefined when it is not JSON. */
function reference(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Whether the text is JSON for both, and the same value with its members in the same order. */
async function compare(text: string, atOnce: number): Promise<void> {
  const expected = reference(text);
  const found = await parsed(text, atOnce).then(
    value => ({ value }),
    (error: AppError) => {
      expect(error.code).toBe('json_invalid');
      return undefined;
    },
  );
  expect([text, isDeepStrictEqual(found, expected)]).toEqual([text, true]);
  expect(JSON.stringify(found)).toBe(JSON.stringify(expected));
}

const atOnce = fc.constantFrom(SMALLEST, 2, 3, 7, 20, 65_536);
const blanks = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** JSON with blanks, names that come twice, and names that mean something to JavaScript. */
const { document } = fc.letrec<{ document: string }>(tie => {
  const name = fc.constantFrom('"a"', '"b"', '"__proto__"', '"1"', '"constructor"', '"\\u0061"', '"ё,{["');
  const between = (text: fc.Arbitrary<string>) => fc.tuple(blanks, text, blanks).map(parts => parts.join(''));
  const list = fc.array(between(tie('document')), { maxLength: 4 }).map(items => `[${items.join()}]`);
  const member = fc.tuple(between(name), between(tie('document'))).map(parts => parts.join(':'));
  const object = fc.array(member, { maxLength: 4 }).map(members => `{${members.join()}}`);
  const scalar = fc.constantFrom('0', '-1.5e3', 'true', 'null', '""', '"]},\\"\\\\"', '"😀"', '"[[["');
  return { document: fc.oneof({ maxDepth: 5, withCrossShrink: true }, scalar, list, object) };
});

/** Such JSON with something taken out, put in or doubled. */
const damaged = fc
  .tuple(
    document,
    fc.nat(),
    fc.nat(4),
    fc.constantFrom('', ',', '[', ']', '{', '}', '"', '1', ':', '\\', '\u0001', '[]'),
  )
  .map(([text, place, length, inserted]) => {
    const at = place % (text.length + 1);
    return (text.slice(0, at) + inserted + text.slice(at + length)).toWellFormed();
  });

test('JSON in parts of any size is what JSON.parse makes of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(blanks, document, blanks), atOnce, (parts, bytes) => compare(parts.join(''), bytes)),
    { numRuns: 2_000 },
  );
});

test('what JSON.parse refuses is refused in parts of any size, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(damaged, atOnce, (text, bytes) => compare(text, bytes)),
    { numRuns: 5_000 },
  );
});

test.each([
  '{"a":1[1,2]}',
  '{"a":1,[1]}',
  '[1[2]]',
  '[[1]2]',
  '[[1][2]]',
  '[[1]\u0001,2]',
  '[1,]',
  '[,1]',
  '[1,,2]',
  '[ ,[1]]',
  '{"a":[1],}',
  '{"a":[1]"b":2}',
  '{"a"[1]}',
  '{,"a":[1]}',
  '[1}',
  '{"a":[1}]',
  '[[[',
  ']',
  '[1]]',
  '["',
  '["\\',
  '',
  ' ',
])('is not JSON in parts either: %s', async text => {
  for (const bytes of [SMALLEST, 65_536]) await compare(text, bytes);
});

test('an empty list may be long', async () => {
  for (const text of [`[${' '.repeat(200_000)}]`, `{${' '.repeat(200_000)}}`, `[[${'\n'.repeat(200_000)}],1]`]) {
    await compare(text, 65_536);
  }
});

test('a name of JavaScript is a name like any other, in parts too', async () => {
  const value = (await parsed('{"__proto__":[1],"a":{"__proto__":2}}', SMALLEST)) as object;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(Object.keys(value)).toEqual(['__proto__', 'a']);
});

test('depth and number of values are counted exactly', async () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  const wide = (values: number) =>
    `[${Array<string>(values - 1)
      .fill('{}')
      .join()}]`;
  for (const [text, limits] of [
    [nested(10), { depth: 10, values: 10 }],
    [wide(10), { depth: 2, values: 10 }],
    ['{"a":[ ],"b":"[,,,{"}', { depth: 2, values: 3 }],
  ] as const) {
    await expect(parseJson(Buffer.from(text), limits, SMALLEST)).resolves.toBeDefined();
    for (const less of [
      { ...limits, depth: limits.depth - 1 },
      { ...limits, values: limits.values - 1 },
    ]) {
      const refusal = { code: 'json_invalid', message: expect.stringMatching(/nests deeper than|holds more than/) };
      await expect(parseJson(Buffer.from(text), less)).rejects.toMatchObject(refusal);
      const own = { ...less, refusal: (_: string, exceeded: string) => new Error(`own ${exceeded}`) };
      await expect(parseJson(Buffer.from(text), own)).rejects.toThrow(/^own (depth|values)$/);
    }
  }
});

test('what is too deep or too wide is refused though it is no JSON further on', async () => {
  for (const text of [`${'['.repeat(2_000)}`, `[${'1,'.repeat(1_000_001)}`]) {
    await expect(parsed(text)).rejects.toThrow(/nests deeper than 1000|holds more than 1000000/);
  }
});

test('what goes on behind an object is told apart from what is no JSON', async () => {
  for (const text of ['{}{}', '{"a":[1]} x', `{"a":"${'x'.repeat(100_000)}"}]`]) {
    await expect(parsed(text)).rejects.toBeInstanceOf(TrailingJsonError);
  }
  for (const text of ['{"a":x} {}', '[] []', '1 {}', '{"a":1}'.slice(0, 4)]) {
    await expect(parsed(text)).rejects.not.toBeInstanceOf(TrailingJsonError);
  }
});

test('the longest JSON leaves others their turn', async () => {
  const bytes = 16_777_216;
  const member = '{"comment":"x","timestamp":1}';
  const honest = `[${Array<string>(Math.floor(bytes / (member.length + 1)))
    .fill(member)
    .join()}]`;
  let turns = 0;
  const watch = setInterval(() => {
    turns++;
  }, 1);
  try {
    const value = await parseJson(Buffer.from(honest), { depth: 1_000, values: 2_000_000 });
    expect(value).toHaveLength(Math.floor(bytes / (member.length + 1)));
  } finally {
    clearInterval(watch);
  }
  expect(turns).toBeGreaterThan(10);
});

test('members stand where they are written, as bytes and as text', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())),
      fc.nat(3),
      (value, indent) => {
        const text = `${' '.repeat(indent)}${JSON.stringify(value, null, indent)} `;
        const bytes = Buffer.from(text);
        const ranges = [...rangesIn(bytes, 0)].flatMap(member => member ?? []);
        const found = ranges.map(({ name, from, to }) => ({ name, text: bytes.toString('utf8', from, to) }));
        const members = [...membersOf(text)].flatMap(member => member ?? []);
        expect(found).toEqual(members.map(member => ({ name: member.name, text: member.text })));
      },
    ),
  );
});
