import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { StartupError, StorageUnavailableError } from '../../src/base/errors.ts';
import type { Log } from '../../src/base/log.ts';
import { readMeta } from '../../src/storage/embedded/files/meta-pages.ts';
import { openEmbedded } from '../../src/storage/embedded/index.ts';
import type { CollectionSpec, Storage } from '../../src/storage/port.ts';
import { testClock } from '../support/clock.ts';

interface Item {
  id: string;
  group?: string;
  note?: string;
  expires_at?: Date;
}

const items: CollectionSpec<Item> = {
  name: 'items',
  key: ['id'],
  indexes: [{ name: 'group', fields: ['group'] }],
  expires: 'expires_at',
};
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const clock = testClock();

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'keybin-embedded-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(folder: string, specs: readonly CollectionSpec<Item>[] = [items], log = silent): Promise<Storage> {
  const storage = await openEmbedded({ host: `file:${folder}`, database: 'store', names: {}, specs }, clock, log);
  onTestFinished(() => storage.close());
  return storage;
}

test('a folder that is not there is made, for this user alone', async () => {
  const folder = path.join(await temporaryFolder(), 'a.b', 'data');
  await (await start(folder)).ready;
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await readdir(folder)).sort()).toEqual([
    'blobs',
    'keybin.gate',
    'keybin.gate-lock',
    'keybin.mdb',
    'keybin.mdb-lock',
  ]);
});

test('a folder that cannot be used rejects ready with a message that names it and the option', async () => {
  const file = path.join(await temporaryFolder(), 'file');
  await writeFile(file, 'in the way');
  const storage = await start(path.join(file, 'data'));
  await expect(storage.ready).rejects.toThrow(StartupError);
  await expect(storage.ready).rejects.toThrow(/file\/data cannot be used.*\[STORE\] host/s);
  await expect(storage.collection(items).get(['a'])).rejects.toThrow(StorageUnavailableError);
  await storage.close();
});

test('a folder of blobs that goes away takes no uploads, and is not made anew: it may be a disk', async () => {
  const folder = await temporaryFolder();
  const { blobs } = await start(folder);
  async function* content() {
    yield Buffer.from('content');
  }
  const { sha256 } = await blobs.put(content(), 100);
  await rename(path.join(folder, 'blobs'), path.join(folder, 'elsewhere'));
  for (const refused of [() => blobs.put(content(), 100), () => blobs.ping()]) {
    const error = await refused().catch(reason => reason);
    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(error.message).not.toContain(folder);
    expect(String(error.cause)).toContain(folder); // for the log
  }
  expect(await readdir(folder)).not.toContain('blobs');
  await rename(path.join(folder, 'elsewhere'), path.join(folder, 'blobs'));
  await blobs.ping();
  expect(await blobs.stat(sha256)).toEqual({ size: 7 });
});

test.each([
  [99, /schema version 99.*newer program/],
  [1, /schema version 1,.*program that wrote it/],
])('data of schema version %i stops the start and stays as it is', async (version, message) => {
  const folder = await temporaryFolder();
  await mkdir(folder, { recursive: true });
  const root = open({ path: path.join(folder, 'keybin.mdb'), noSubdir: true, maxDbs: 8 } as never);
  await root.openDB({ name: 'meta' }).put('schema', version);
  await root.close();
  await expect((await start(folder)).ready).rejects.toThrow(message);
  await expect((await start(folder)).ready).rejects.toThrow(message);
});

test('a unique index that the data cannot have stops the start and changes nothing', async () => {
  const folder = await temporaryFolder();
  const first = await start(folder);
  await first.collection(items).insert({ id: 'a', group: 'g' });
  await first.collection(items).insert({ id: 'b', group: 'g' });
  await first.close();
  const unique: CollectionSpec<Item> = { ...items, indexes: [{ name: 'only', fields: ['group'], unique: true }] };
  await expect((await start(folder, [unique])).ready).rejects.toThrow(/items holds duplicates in group/);
  const again = await start(folder);
  expect((await again.collection(items).scan({ index: 'group', limit: 9 })).items).toHaveLength(2);
});

test('once another program has changed the indexes of a folder, the older one reads but writes no more', async () => {
  const folder = await temporaryFolder();
  const older = await start(folder);
  await older.collection(items).insert({ id: 'a' });
  const newer = await start(folder, [{ ...items, indexes: [] }]);
  await newer.ready;
  expect(await older.collection(items).get(['a'])).toEqual({ id: 'a' });
  await expect(older.collection(items).insert({ id: 'b' })).rejects.toThrow(/another version.*restart/);
  await newer.collection(items).insert({ id: 'b' });
});

test('building an index on much data says how far it is', async () => {
  const folder = await temporaryFolder();
  const before = await start(folder, [{ ...items, indexes: [] }]);
  await Promise.all(
    Array.from({ length: 500 }, (_, i) => before.collection(items).insert({ id: String(i), group: 'g' })),
  );
  await before.close();
  const lines: [object, string][] = [];
  const log: Log = { ...silent, info: (fields, message) => lines.push([fields, message]) };
  await (await start(folder, [items], log)).ready;
  expect(lines).toContainEqual([{ index: 'data/items/group', done: 500 }, 'index built']);
});

test('a data file that is shorter than its last page, because that was never needed, is whole', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'keybin.mdb');
  const first = await start(folder);
  await first.collection(items).insert({ id: 'a', group: 'x'.repeat(1000) });
  // Both in one transaction: the pages of what is gone again are counted and not written.
  const collection = first.collection(items);
  const isShort = async () => {
    const descriptor = openSync(file, 'r');
    const meta = readMeta(descriptor);
    closeSync(descriptor);
    return (await stat(file)).size < ((meta?.lastPage ?? 0) + 1) * (meta?.pageSize ?? 0);
  };
  for (let round = 0; round < 50 && !(await isShort()); round++) {
    await Promise.all([
      collection.put({ id: 'c', group: `${round}` }),
      collection.put({ id: 'b', note: 'x'.repeat(50_000 * (round + 1)) }),
      collection.delete(['b']),
    ]);
  }
  expect(await isShort()).toBe(true);
  await first.close();
  const second = await start(folder);
  await second.ready;
  expect(await second.collection(items).get(['a'])).toBeDefined();
});

test('a range of large documents is removed in small portions, between which others write', async () => {
  const collection = (await start(await temporaryFolder())).collection(items);
  const note = 'x'.repeat(1024 * 1024);
  await Promise.all(Array.from({ length: 40 }, (_, i) => collection.insert({ id: `large${i}`, note })));
  let removing = true;
  const removed = collection.deleteMany({ from: 'large' }).finally(() => {
    removing = false;
  });
  let between = 0;
  for (; removing; between++) await collection.put({ id: 'a', note: 'small' });
  expect(await removed).toBe(40);
  expect(between).toBeGreaterThanOrEqual(8);
  expect(await collection.count({})).toBe(1);
});

test('a document whose bytes were changed is unavailable, as is health from then on; the rest is served', async () => {
  const folder = await temporaryFolder();
  const file = path.join(folder, 'keybin.mdb');
  const first = await start(folder);
  const [mark, group] = ['a text to be found in the file', 'g'];
  for (const id of ['a', 'b']) await first.collection(items).insert({ id, group, note: id === 'a' ? mark : 'n' });
  await first.close();
  const bytes = await readFile(file);
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) bytes[at - 1] = 0xc1; // no type of MessagePack
  await writeFile(file, bytes);

  const errors: string[] = [];
  const storage = await start(folder, [items], { ...silent, error: (_, message) => errors.push(message) });
  const collection = storage.collection(items);
  expect(await collection.get(['b'])).toEqual({ id: 'b', group, note: 'n' });
  await storage.ping();
  const attempts = [
    () => collection.get(['a']),
    () => collection.scan({ limit: 9 }),
    () => collection.scan({ index: 'group', prefix: [group], limit: 9 }),
    () => collection.put({ id: 'a' }),
    () => collection.delete(['a']),
    () => storage.commit([{ in: items, update: ['a'], change: { set: { group: 'h' } } }]),
    () => storage.ping(),
  ];
  for (const attempt of attempts) {
    const error = await attempt().catch(e => e);
    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(error.message).toMatch(/damaged/);
  }
  expect(errors).toEqual([expect.stringMatching(/damaged.*backup/)]);
  await collection.put({ id: 'b', note: 'm' });
  expect(await collection.get(['b'])).toEqual({ id: 'b', note: 'm' });
});

test('many writes at once share transactions, and each has its own result', async () => {
  const storage = await start(await temporaryFolder());
  const results = await Promise.allSettled(
    Array.from({ length: 1000 }, (_, i) => storage.collection(items).insert({ id: String(i % 500) })),
  );
  expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(500);
  expect(await storage.collection(items).count({})).toBe(500);
});

test('a failing commit takes nothing else of its transaction with it', async () => {
  const storage = await start(await temporaryFolder());
  const results = await Promise.allSettled([
    storage.collection(items).insert({ id: 'a' }),
    storage.commit([
      { in: items, insert: { id: 'b' } },
      { in: items, insert: { id: 'a' } },
    ]),
    storage.collection(items).insert({ id: 'c' }),
  ]);
  expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((await storage.collection(items).scan({ limit: 9 })).items).toEqual([{ id: 'a' }, { id: 'c' }]);
});

test('expired documents leave the disk in the background, with their index entries', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const folder = await temporaryFolder();
  const storage = await start(folder);
  const expires_at = new Date(clock.now() + 1000);
  await Promise.all(
    Array.from({ length: 500 }, (_, i) => storage.collection(items).insert({ id: String(i), group: 'g', expires_at })),
  );
  await storage.collection(items).insert({ id: 'stays', group: 'g' });
  clock.advance(1000);
  vi.advanceTimersByTime(10_000);
  await expect.poll(() => storage.collection(items).estimate()).toBe(1);

  await storage.close(); // to look inside may need the write lock, which a transaction holds until this thread has time for it
  const root = open({ path: path.join(folder, 'keybin.mdb'), noSubdir: true, maxDbs: 8 } as never);
  onTestFinished(() => root.close());
  const sizes = ['data/items', 'data/items/group', 'data/items/expiry'].map(
    name => (root.openDB({ name, keyEncoding: 'binary' } as never).getStats() as { entryCount: number }).entryCount,
  );
  expect(sizes).toEqual([1, 1, 0]);
});

test('30 collections with two indexes each have their place', async () => {
  const indexes = [
    { name: 'group', fields: ['group'] },
    { name: 'only', fields: ['group', 'id'], unique: true },
  ] as const;
  const specs = Array.from({ length: 30 }, (_, i): CollectionSpec<Item> => ({ ...items, name: `c${i}`, indexes }));
  const storage = await start(await temporaryFolder(), specs);
  for (const spec of specs) await storage.collection(spec).insert({ id: spec.name, group: 'g' });
  for (const spec of specs) expect(await storage.collection(spec).find('only', ['g', spec.name])).toBeDefined();
});

test('what processes that died have left of uploads and removals goes when the folder is opened', async () => {
  const folder = await temporaryFolder();
  const incoming = path.join(folder, 'blobs', 'incoming');
  const dying = await start(folder);
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield new Uint8Array(10);
      await new Promise(setImmediate);
      if ((await readdir(incoming)).length === 0) throw new Error('swept');
    }
  }
  const swept = expect(dying.blobs.put(endless(), 1e9)).rejects.toThrow('swept');
  await expect.poll(() => readdir(incoming)).toHaveLength(1);
  const [upload] = await readdir(incoming);
  await writeFile(path.join(incoming, 'x.removed'), 'was a blob');
  clock.advance(24 * 3_600_000);
  await (await start(folder)).close();
  expect(await readdir(incoming)).toEqual([upload]);
  clock.advance(1);
  await (await start(folder)).close();
  expect(await readdir(incoming)).toEqual([]);
  await swept;
});

test('the size is that of the data file, which grows with the documents', async () => {
  const folder = await temporaryFolder();
  const storage = await start(folder);
  const before = await storage.size();
  const group = 'x'.repeat(1000);
  await storage.commit(Array.from({ length: 2000 }, (_, i) => ({ in: items, insert: { id: String(i), group } })));
  const after = await storage.size();
  expect(after - before).toBeGreaterThan(2_000_000);
  expect(after).toBe((await stat(path.join(folder, 'keybin.mdb'))).size);
});

describe('a secret', () => {
  test('is a file of its own for this user alone, and no other file stays', async () => {
    const folder = await temporaryFolder();
    const storage = await start(folder);
    const [{ value }] = await Promise.all([storage.secret('a'), storage.secret('a'), storage.secret('b')]);
    expect(await readFile(path.join(folder, 'secrets', 'a'), 'utf8')).toBe(value);
    expect((await stat(path.join(folder, 'secrets', 'a'))).mode & 0o777).toBe(0o600);
    expect((await stat(path.join(folder, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await readdir(path.join(folder, 'secrets'))).sort()).toEqual(['a', 'b']);
  });

  test.each([
    ['empty', ''],
    ['cut off', 'x'.repeat(42)],
    ['too long', 'x'.repeat(44)],
    ['edited', `${'x'.repeat(43)}\n`],
    ['not a text', Buffer.alloc(43, 0xff)],
  ])('whose file is %s is refused with the name of the file, which stays as it is', async (_, content) => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'secrets'));
    const file = path.join(folder, 'secrets', 'a');
    await writeFile(file, content);
    const storage = await start(folder);
    for (let call = 0; call < 2; call++) {
      const error = await storage.secret('a').catch(e => e);
      expect(error).toBeInstanceOf(StorageUnavailableError);
      expect(error.message).toContain('secrets/a in the data folder is damaged');
    }
    expect(await readFile(file)).toEqual(Buffer.from(content));
    await storage.secret('b');
  });

  test('that cannot be read or made is a StorageUnavailableError', async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'secrets', 'a'), { recursive: true });
    const storage = await start(folder);
    await expect(storage.secret('a')).rejects.toBeInstanceOf(StorageUnavailableError);
    await rm(path.join(folder, 'secrets'), { recursive: true });
    await writeFile(path.join(folder, 'secrets'), 'in the way');
    await expect(storage.secret('a')).rejects.toBeInstanceOf(StorageUnavailableError);
  });

  test('leaves nothing behind of processes that died while they made it', async () => {
    const folder = await temporaryFolder();
    const storage = await start(folder);
    await storage.secret('other');
    const remains = path.join(folder, 'secrets', 'a.0d1d9a7e');
    await writeFile(remains, 'half');
    const secret = await storage.secret('a');
    expect(secret.value).toHaveLength(43);
    await writeFile(remains, 'x'.repeat(43));
    expect(await storage.secret('a')).toEqual(secret);
    expect((await readdir(path.join(folder, 'secrets'))).sort()).toEqual(['a', 'other']);
  });
});

test('a folder is opened a second time while the first one writes all the time', async () => {
  const folder = await temporaryFolder();
  const first = await start(folder);
  let writing = true;
  const writer = async () => {
    for (let i = 0; writing; i++) await first.collection(items).put({ id: `id-${i % 10}`, group: 'g' });
  };
  const writers = [writer(), writer(), writer()];
  for (let i = 0; i < 20; i++) {
    const other = await start(folder);
    expect(await other.collection(items).count({})).toBeGreaterThanOrEqual(0);
    await other.close();
  }
  writing = false;
  await Promise.all(writers);
});
