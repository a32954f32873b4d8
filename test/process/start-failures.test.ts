import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Key, open } from 'lmdb';
import { MongoClient } from 'mongodb';
import { describe, expect } from 'vitest';
import { SCHEMA_VERSION } from '../../src/storage/schema.ts';
import { engines, forEachEngine, mongoUri } from '../support/engines.ts';
import { type Program, type Settings, test } from '../support/process.ts';

/** An ordinary user, for tests that root runs. */
const NOBODY = 65_534;

/** Starts the program, which is to end by itself with one line on what to do. Returns the line. */
async function complaint(program: Program, settings: Settings, uid?: number): Promise<string> {
  const end = await program.run([], settings, uid);
  expect(end).toMatchObject({ code: 1, signal: null });
  expect(end.stderr).toMatch(/^keybin-server: [^\n]+\n$/);
  return end.stderr;
}

describe.concurrent('the program does not start', () => {
  test('on a port that another program listens on', async ({ program }) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    expect(await complaint(program, { APP_PORT: port })).toContain(`127.0.0.1 port ${port}`);
    other.close();
  });

  test('on an address that this machine does not have', async ({ program }) => {
    expect(await complaint(program, { APP_HOST: '192.0.2.1' })).toContain('192.0.2.1');
  });

  test('in a data folder that is a file', async ({ program }) => {
    await writeFile(join(program.folder, 'data'), '');
    expect(await complaint(program, {})).toContain(join(program.folder, 'data'));
  });

  test('in a data folder below a file', async ({ program }) => {
    await writeFile(join(program.folder, 'file'), '');
    const message = await complaint(program, { STORE_HOST: 'file:./file/data' });
    expect(message).toContain(join(program.folder, 'file/data'));
  });

  test('in a data folder it may not write to', async ({ program, skip }) => {
    await chmod(program.folder, 0o755);
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    skip((await program.run(['--version'], {}, uid)).code !== 0, 'the user nobody cannot read the program');
    const folder = join(program.folder, 'data');
    await mkdir(folder);
    await chmod(folder, 0o555);
    expect(await complaint(program, {}, uid)).toContain(folder);
    await chmod(folder, 0o755);
  });

  test('in a data folder whose file is no data of ours, which it leaves as it is', async ({ program }) => {
    await mkdir(join(program.folder, 'data'));
    await writeFile(join(program.folder, 'data/keybin.mdb'), 'something else entirely'.repeat(1000));
    expect(await complaint(program, {})).toContain(join(program.folder, 'data'));
  });

  test.for<readonly [number, RegExp]>([
    [SCHEMA_VERSION - 1, /wrote it/],
    [SCHEMA_VERSION + 1, /newer/],
  ] as const)('on data of schema version %i in a folder', async ([version, message], { program }) => {
    const server = await program.start();
    await server.register('ann');
    await server.stop();
    const file = { path: join(program.folder, 'data/keybin.mdb'), noSubdir: true, maxDbs: 128 };
    const root = open(file as never);
    await root.openDB<number, Key>({ name: 'meta' }).put('schema', version);
    await root.close();
    const sentence = await complaint(program, {});
    expect(sentence).toContain(`schema version ${version}`);
    expect(sentence).toMatch(message);
  });
});

forEachEngine('the program does not start', () => {
  test.for([
    [SCHEMA_VERSION - 1, /older version/],
    [SCHEMA_VERSION + 1, /newer version/],
  ] as const)('on data of schema version %i', async ([version, message], { program }) => {
    const settings = program.place(mongodb());
    await withDatabase(settings, db =>
      db.collection<{ _id: string; version: number }>('keybin_meta').insertOne({ _id: 'schema', version }),
    );
    const sentence = await complaint(program, settings);
    expect(sentence).toContain(`schema ${version}`);
    expect(sentence).toMatch(message);
  });

  test('on data with duplicates, and says which', async ({ program }) => {
    const settings = program.place(mongodb());
    const user = { username: 'ann', password: '$2b$04$x' };
    await withDatabase(settings, db =>
      db.collection('users').insertMany([
        { user_id: 'a', ...user },
        { user_id: 'b', ...user },
      ]),
    );
    expect(await complaint(program, settings)).toMatch(/users.*username/);
  });
}, ['mongodb']);

function mongodb() {
  const engine = engines.find(({ name }) => name === 'mongodb');
  if (!engine) throw new Error('no engine of this name');
  return engine;
}

async function withDatabase(settings: Settings, work: (db: ReturnType<MongoClient['db']>) => Promise<unknown>) {
  const client = new MongoClient(mongoUri());
  await work(client.db(settings.STORE_DATABASE));
  await client.close();
}
