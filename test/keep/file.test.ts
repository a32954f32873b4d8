import { randomBytes, randomInt } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Item } from '../../src/keep/items.ts';
import { decodeDoc, encodeDoc } from '../../src/keep/values.ts';
import { verifyBackup } from '../../src/keep/verify.ts';
import type { CollectionSpec } from '../../src/storage/port.ts';
import { SCHEMA_VERSION } from '../../src/storage/schema.ts';
import { blobOf, gathered, itemsOf, manifest, opened, packed } from './copies.ts';

const things = { name: 'things', key: ['id'], indexes: [{ name: 'email', fields: ['email'], unique: true }] };
const specs = [things as unknown as CollectionSpec<never>];

/** Any value that a document may hold, and some that none should. */
function anything(depth = 0): unknown {
  const kinds: (() => unknown)[] = [
    () => randomBytes(randomInt(40)).toString('utf16le'),
    () => '\u0000\ud800"\\\u2028\n𝄞',
    () => [0, -0, 1.5, -1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53][randomInt(8)],
    () => new Date([0, -1, 1e12, 8.64e15, Number.NaN][randomInt(5)] as number),
    () => new Uint8Array(randomBytes(randomInt(20))),
    () => 2n ** BigInt(randomInt(70)),
    () => [true, false, null][randomInt(3)],
    () => Array.from({ length: randomInt(4) }, () => anything(depth + 1)),
    () => Object.fromEntries(Array.from({ length: randomInt(4) }, () => [anyName(), anything(depth + 1)])),
  ];
  return (kinds[randomInt(depth > 4 ? 7 : kinds.length)] as () => unknown)();
}

function anyName(): string {
  const names = ['a', '$date', '$object', '$', '__proto__', 'constructor', 'é.$x', '0', '', 'doc', 'bytes'];
  return names[randomInt(names.length)] as string;
}

const document = () => Object.fromEntries(Array.from({ length: randomInt(6) }, () => [anyName(), anything()]));

const long = randomBytes(100_000);

/** Contents are read once: so it is made anew. */
const sample = (): Item[] => [
  blobOf(long),
  blobOf(Buffer.alloc(0)),
  { moment: new Date('2026-01-02T03:04:06.789Z'), oneMoment: true },
  { counter: 'n', value: 12 },
  { secret: 'jwt', value: 'x'.repeat(43) },
  {
    in: 'things',
    docs: Array.from({ length: 2500 }, (_, i) => ({ id: `${i}`.padStart(5, '0'), email: `${i}@a`, at: new Date(i) })),
  },
];

const sampleBytes = () => packed(itemsOf(sample()), manifest(['things', 'others']));

test('a content that nothing makes smaller takes its bytes, one of text takes less', async () => {
  const sizeOf = async (content: Buffer) => (await packed(itemsOf([blobOf(content)]), manifest([]))).length;
  expect(await sizeOf(randomBytes(1_000_000))).toBeLessThan(1_020_000);
  expect(await sizeOf(Buffer.from('text '.repeat(200_000)))).toBeLessThan(20_000);
});

test('any document is the same one after it was a line of JSON', () => {
  for (let i = 0; i < 3000; i++) {
    const doc = document();
    const line = encodeDoc(doc);
    expect(line).not.toContain('\n');
    expect(decodeDoc(JSON.parse(line))).toEqual(doc);
    expect(encodeDoc(Object.fromEntries(Object.entries(doc).reverse()))).toBe(line);
  }
});

test('what is read is what was written, however its bytes arrive', async () => {
  const bytes = await sampleBytes();
  for (const piece of [50, 1_000_000]) {
    const { items, manifest: first, totals } = await opened(bytes, piece);
    expect(await gathered(items)).toEqual(await gathered(itemsOf(sample())));
    expect(first).toEqual(manifest(['things', 'others']));
    expect(totals).toEqual({
      documents: { things: 2500, others: 0 },
      counters: 1,
      secrets: 1,
      blobs: 2,
      bytes: 100_000,
      missing: [],
    });
  }
});

test('one bit that is another one is found, wherever it is', async () => {
  const bytes = await packed(
    itemsOf([blobOf(randomBytes(100)), ...sample().slice(2, 5), { in: 'things', docs: [{ id: 'a' }] }]),
    manifest(['things']),
  );
  const verified = async (candidate: Buffer) => verifyBackup(await opened(candidate), specs);
  expect((await verified(bytes)).problems).toEqual([]);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ (1 << randomInt(8));
    await expect(verified(damaged), `byte ${at}`).rejects.toThrow(
      /^(the backup is (damaged|cut short)|this is no backup)/,
    );
  }
});

test('a file that is cut short anywhere is found', async () => {
  const bytes = await sampleBytes();
  for (let i = 0; i < 60; i++) {
    const cut = bytes.subarray(0, i < 20 ? bytes.length - 1 - i : randomInt(bytes.length));
    await expect(opened(cut).then(backup => verifyBackup(backup, specs))).rejects.toThrow(
      /^(the backup is|this is no backup)/,
    );
  }
});

test('the file is gzip, and its end has the SHA-256 of the lines before', async () => {
  const text = gunzipSync(await sampleBytes()).toString();
  const lines = text.trimEnd().split('\n');
  expect(JSON.parse(lines[0] as string)).toMatchObject({ keybin_backup: 1, collections: ['things', 'others'] });
  const { createHash } = await import('node:crypto');
  const before = text.slice(0, text.length - (lines.at(-1) as string).length - 1);
  expect(JSON.parse(lines.at(-1) as string).sha256).toBe(createHash('sha256').update(before).digest('hex'));
});

test('what a storage would not hold is named: values that are not unique, an order that is none, contents that are not there', async () => {
  const refs = { name: 'blob_refs', key: ['hash'] } as unknown as CollectionSpec<never>;
  const items: Item[] = [
    {
      in: 'things',
      docs: [
        { id: 'b', email: 'x' },
        { id: 'a', email: 'x' },
      ],
    },
    { in: 'blob_refs', docs: [{ hash: 'ab'.repeat(32) }] },
  ];
  const { problems } = await verifyBackup(
    await opened(await packed(itemsOf(items), manifest(['things', 'blob_refs']))),
    [...specs, refs],
  );
  expect(problems.join('; ')).toMatch(/not in order.*have one email.*refer to the content (ab){32}/);
});

test.each([
  ['a newer form', { keybin_backup: 2 }, /written by a newer version of Keybin \(9\.9\.9\)/],
  ['newer data', { schema: SCHEMA_VERSION + 1 }, /written by a newer version/],
  [
    'older data',
    { schema: SCHEMA_VERSION - 1 },
    /holds data of schema version \d+, and this program reads version \d+: restore it with Keybin 9\.9\.9/,
  ],
])('%s is refused in a sentence', async (_, changed, sentence) => {
  await expect(opened(await packed(itemsOf([]), manifest([], changed)))).rejects.toThrow(sentence);
});

test.each([Buffer.alloc(0), Buffer.from('hello'), randomBytes(5000)])(
  'what is no backup is said to be none',
  async bytes => {
    await expect(opened(bytes)).rejects.toThrow(/^(this is no backup|the backup is)/);
  },
);
