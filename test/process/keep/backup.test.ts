import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type Engine, engines, forEachEngine } from '../../support/engines.ts';
import { type Program, type ServerProcess, type Settings, test } from '../../support/process.ts';

const run = promisify(execFile);

/** Half of the characters of a value that does not lie in a document. */
const LONG = 600_000;

/** As many values, of which some are so long that they are contents of their own. */
async function fill(server: ServerProcess, count: number): Promise<{ token: string; values: Map<string, string> }> {
  await server.register('ann');
  const token = await server.token('ann');
  const values = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const value = randomBytes(i % 20 === 0 ? LONG : 20).toString('hex');
    values.set(`k${i}`, value);
  }
  await Promise.all([...values].map(([key, value]) => put(server, token, key, value)));
  return { token, values };
}

async function put(server: ServerProcess, token: string, key: string, value: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' };
  const { status } = await server.request('PUT', `/v2/kv/${key}`, value, headers);
  if (status >= 300) throw new Error(`${key}: ${status}`);
}

async function get(server: ServerProcess, token: string, key: string): Promise<string> {
  return (await server.request('GET', `/v2/kv/${key}`, undefined, { Authorization: `Bearer ${token}` })).text;
}

/** The other one, or the same where there is no MongoDB. */
function otherThan(engine: Engine): Engine {
  return engines.find(other => other !== engine && other.skip === undefined) ?? engine;
}

function newPlace(program: Program, engine: Engine): Settings {
  return engine.name === 'embedded'
    ? { STORE_HOST: `file:./restored-${randomBytes(4).toString('hex')}` }
    : program.place(engine);
}

forEachEngine('backup, verify, restore', engine => {
  test('of a server that is written to, into the other engine, which then answers as it did', {
    timeout: 120_000,
  }, async ({ program }) => {
    const settings = program.place(engine);
    const server = await program.start({ settings });
    const { token, values } = await fill(server, 25);
    const old = await server.request('GET', '/v2/changes', undefined, { Authorization: `Bearer ${token}` });
    let writing = true;
    const writer = (async () => {
      // A slow server may refuse some.
      for (let i = 0; writing; i++)
        await put(server, token, `later${i % 7}`, randomBytes(i % 7 === 6 ? LONG : 20).toString('hex')).catch(() => {});
    })();
    const made = await program.run(['backup', 'a.gz', '--json'], settings);
    writing = false;
    await writer;
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(JSON.parse(made.stdout)).toMatchObject({ file: 'a.gz' });
    expect((await stat(join(program.folder, 'a.gz'))).mode & 0o777).toBe(0o600);
    expect(await program.run(['verify', 'a.gz'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^a\.gz is whole: \d+ documents/),
    });

    const place = newPlace(program, otherThan(engine));
    expect(await program.run(['restore', 'a.gz'], place)).toMatchObject({ code: 0, stderr: '' });
    const restored = await program.start({ settings: place });
    for (const [key, value] of values) expect((await get(restored, token, key)) === value, key).toBe(true);
    if (old.status === 200) {
      const since = `/v2/changes?since=${encodeURIComponent(old.json.cursor)}`;
      const { status, json } = await restored.request('GET', since, undefined, { Authorization: `Bearer ${token}` });
      expect([status, json.code]).toEqual(
        otherThan(engine).name === 'embedded' ? [410, 'cursor_gone'] : [status, json.code],
      );
    }
    const again = await program.run(['restore', 'a.gz'], place);
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not empty.*, and a copy goes into an empty one only/),
    });
  });

  test('a restore that is killed goes on where it stopped, and nobody serves it before', { timeout: 120_000 }, async ({
    program,
  }) => {
    const first = await program.start();
    const { token, values } = await fill(first, 41);
    await first.stop();
    await program.run(['backup', 'a.gz'], {});
    const place = newPlace(program, engine);
    let killed = 0;
    for (let wait = 150; ; wait += 150) {
      // It dies after so many milliseconds, the last time not at all.
      const before = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${300 + wait});`;
      const restore = program.spawn({ args: ['restore', 'a.gz'], settings: place, ...(killed < 4 && { before }) });
      const { signal, code } = await restore.end();
      if (signal === null) {
        expect([code, restore.stderr]).toEqual([0, '']);
        break;
      }
      killed++;
    }
    const restored = await program.start({ settings: place });
    for (const [key, value] of values) expect((await get(restored, token, key)) === value, key).toBe(true);
  });
});

test('a store that is half restored is served by nobody, and takes no other backup', { timeout: 60_000 }, async ({
  program,
}) => {
  const server = await program.start();
  await fill(server, 3);
  await program.run(['backup', 'a.gz']);
  await program.run(['backup', 'b.gz']);
  // It dies when it has put the contents in and comes to the secrets.
  const before = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module';
    fs.promises.link = () => process.kill(process.pid, 'SIGKILL'); syncBuiltinESMExports();`;
  const place = { STORE_HOST: 'file:./half' };
  const { signal } = await program.spawn({ args: ['restore', 'a.gz'], settings: place, before }).end();
  expect(signal).toBe('SIGKILL');
  const started = await program.run([], place);
  expect(started).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/a copy into the data folder .* was begun and has not ended: run the same/),
  });
  expect((await program.run(['restore', 'b.gz'], place)).stderr).toMatch(/holds a part of another copy/);
  expect(await program.run(['restore', 'a.gz'], place)).toMatchObject({ code: 0, stderr: '' });
  await program.start({ settings: place });
});

test('a folder gets a backup named by the time, and loses those that are too old', async ({ program }) => {
  await (await program.start()).stop();
  const folder = join(program.folder, 'b');
  await mkdir(folder);
  const names = [
    'keybin-2020-01-01T00-00-00Z.ndjson.gz',
    'keybin-2020-01-02T00-00-00Z.ndjson.gz',
    'keybin-2020.gz',
    'keybin-2020-01-03T00-00-00Z.ndjson.gz.part',
  ];
  for (const name of names) {
    await writeFile(join(folder, name), '');
    await utimes(join(folder, name), new Date(0), new Date(0));
  }
  const { code } = await program.run(['backup', 'b', '--keep', '7d']);
  expect(code).toBe(0);
  const left = await readdir(folder);
  expect(left).toHaveLength(2);
  expect(left.find(name => name !== 'keybin-2020.gz')).toMatch(/^keybin-2\d{3}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.ndjson\.gz$/);
});

test('goes on every so often until it is stopped', async ({ program }) => {
  await (await program.start()).stop();
  await mkdir(join(program.folder, 'b'));
  const backup = program.spawn({ args: ['backup', 'b', '--every', '1s', '--keep', '30d'] });
  while ((await readdir(join(program.folder, 'b'))).filter(name => name.endsWith('.gz')).length < 2)
    await new Promise(setImmediate);
  expect((await backup.stop('SIGINT')).signal).toBe(null);
  const names = await readdir(join(program.folder, 'b'));
  const verified = await Promise.all(names.map(name => program.run(['verify', join('b', name)])));
  expect(verified.map(({ code }) => code)).toEqual(names.map(() => 0));
});

test('a disk that is full ends it with a sentence, and no half file is left', { timeout: 60_000 }, async ({
  program,
  skip,
}) => {
  const server = await program.start();
  await fill(server, 1);
  const disk = join(program.folder, 'disk');
  await mkdir(disk);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'keybin-test', disk]).catch(() =>
    skip('a disk of its own cannot be mounted here: it takes root on Linux'),
  );
  program.atEnd(() => run('umount', ['-l', disk]));
  const { code, stderr } = await program.run(['backup', 'disk/a.gz']);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^keybin-server: the backup .* could not be written, and nothing of it is left: the disk is full/,
    ),
  ]);
  expect(await readdir(disk)).toEqual([]);
});

test('what cannot be done is refused in a sentence', { timeout: 60_000 }, async ({ program }) => {
  await (await program.start()).stop();
  await writeFile(join(program.folder, 'other'), 'hello');
  const refusals: [string[], number, RegExp][] = [
    [['backup', 'nowhere/a.gz'], 1, /name a file in a folder that is there/],
    [['backup', 'a.gz', '--keep', '7d'], 2, /need a folder that is there/],
    [['backup', 'a.gz', '--exclude', 'all'], 2, /expected some of sessions, audit, blobs/],
    [['verify', 'nothing.gz'], 3, /cannot be read/],
    [['verify', 'other'], 1, /this is no backup|the backup is/],
    [['restore', 'other'], 1, /the backup is cut short, or damaged/],
    [['restore', 'other', '--to', 'mongodb://a:secret@db/'], 2, /KEYBIN_STORE_HOST/],
    [['restore', 'other', '--to', 'data'], 2, /expected file:FOLDER or mongodb/],
  ];
  const asked = refusals.map(async ([args, code, sentence]) => {
    const ended = await program.run(args);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(sentence)]);
    expect(ended.stderr).not.toContain('secret');
  });
  await Promise.all(asked);
});
