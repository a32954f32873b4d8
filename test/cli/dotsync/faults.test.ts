import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { syncRound } from '../../../src/cli/dotsync/engine/round.ts';
import { fullDisk, Killed, mortalDisk, NEED_ROOM, PaperServer, watchedDisk } from './faults.ts';
import { Home } from './home.ts';

const PATHS = ['~/.new', '~/.newer', '~/deep/er/.new', '~/.both', '~/.mine', '~/.first', '~/.mode', '~/.again'];

/** `npm run test:dotsync` takes every edit at every step. */
const ALL = process.env.KEYBIN_DOTSYNC_STEPS !== undefined;

let folder: string;
let server: PaperServer;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keybin-faults-'));
  server = new PaperServer(...PATHS);
  const home = machine('template');
  for (const path of ['~/.newer', '~/.both', '~/.mine', '~/.mode', '~/.again'])
    home.write(path, `old ${path}\n`, 0o644);
  await round(home);
  // A conflict from before, whose copy makes way for a newer one.
  home.write('~/.again', 'mine ~/.again\n');
  server.put('~/.again', 'theirs ~/.again\n');
  await round(home);
  for (const path of ['~/.new', '~/deep/er/.new', '~/.newer', '~/.both', '~/.again'])
    server.put(path, `theirs, later ${path}\n`);
  server.put('~/.mode', 'old ~/.mode\n', '0600');
  for (const path of ['~/.both', '~/.mine', '~/.first']) home.write(path, `mine ${path}\n`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function machine(name: string): Home {
  return new Home(join(folder, name), 'm', { url: '', token: '', headers: {}, config: 'paper', track: async () => {} });
}

/** A machine, and a server, as they were before the round that goes wrong. */
function fresh(): { home: Home; paper: PaperServer } {
  const name = `home${count++}`;
  cpSync(join(folder, 'template'), join(folder, name), { recursive: true, preserveTimestamps: true });
  const paper = server.clone();
  const home = machine(name);
  home.remote = paper;
  return { home, paper };
}

async function round(home: Home): Promise<string[]> {
  if (home.folder.endsWith('template')) home.remote = server;
  return home.reported(await syncRound(home.options()));
}

/** Everything that lies in a home, and on the server, as one text. */
function everything(home: Home, paper: PaperServer): string {
  const kept = home.disk.list(join(home.folder, '.dotsync/replaced')).map(name => `.dotsync/replaced/${name}`);
  const texts = [...home.files(), ...kept].map(name => readFileSync(join(home.folder, name), 'utf8'));
  return [...texts, ...PATHS.map(path => paper.text(path) ?? '')].join('');
}

function drafts(home: Home): string[] {
  return home.files().filter(name => name.endsWith('.tmp'));
}

/** What lies there after a round in which nothing goes wrong. */
function expected(home: Home, paper: PaperServer) {
  const modes = home.files().map(name => `${name} ${(statSync(join(home.folder, name)).mode & 0o777).toString(8)}`);
  return {
    files: home.files().map(name => [name, readFileSync(join(home.folder, name), 'utf8')]),
    modes,
    stored: PATHS.map(path => paper.text(path)),
  };
}

async function wholeRound() {
  const { home, paper } = fresh();
  const names: string[] = [];
  home.disk = watchedDisk((_, name) => {
    names.push(name);
  });
  const report = await round(home);
  return { report, names, steps: names.length, after: expected(home, paper) };
}

it('killed before any step of a round, the next one comes to the same', async () => {
  const { steps, after, report } = await wholeRound();
  expect(report.sort()).toEqual([
    'conflict ~/.again',
    'conflict ~/.both',
    'received ~/.mode',
    'received ~/.new',
    'received ~/.newer',
    'received ~/deep/er/.new',
    'sent ~/.first',
    'sent ~/.mine',
  ]);
  expect(steps).toBeGreaterThan(150);
  for (let step = 0; step < steps; step++) {
    const { home, paper } = fresh();
    home.disk = mortalDisk(step);
    await expect(round(home), `step ${step}`).rejects.toThrow(Killed);
    home.disk = machine('x').disk;
    await round(home);
    expect([step, expected(home, paper)]).toEqual([step, after]);
    rmSync(home.folder, { recursive: true });
  }
});

it('an edit at any step, of any kind, is lost nowhere', async () => {
  const { steps } = await wholeRound();
  const edits = [
    (file: string, text: string) => appendFileSync(file, text),
    (file: string, text: string) => writeFileSync(file, text),
    (file: string, text: string) => {
      writeFileSync(`${file}~`, text);
      renameSync(`${file}~`, file);
    },
  ];
  const edited = ['~/.new', '~/.newer', '~/.both', '~/.mine', '~/.both.dotsync-m', '~/.again.dotsync-m'];
  const written = [
    'theirs, later ~/.new',
    'theirs, later ~/.newer',
    'theirs, later ~/.both',
    'mine ~/.mine',
    'mine ~/.both',
    'mine ~/.again',
  ];
  for (let step = 0; step < steps; step++) {
    // All of them take minutes: each step has another one.
    for (const path of ALL ? edited : edited.filter((_, i) => i === step % edited.length)) {
      const { home, paper } = fresh();
      const kind = (step + edited.indexOf(path)) % edits.length;
      home.disk = watchedDisk(at => {
        if (at === step) edits[kind]?.(home.at(path), `edit of ${path}\n`);
      });
      await round(home);
      const found = everything(home, paper);
      home.disk = machine('x').disk;
      await round(home);
      // Whoever writes a file anew has seen what was there.
      const kept = written.filter(text => kind === 0 || !text.endsWith(path));
      for (const text of [found, everything(home, paper)]) {
        for (const line of [`edit of ${path}`, ...kept]) expect(text, `${path} at step ${step}`).toContain(`${line}\n`);
      }
      rmSync(home.folder, { recursive: true });
    }
  }
});

it('a full disk costs nothing: no draft is left, no file is broken, and the next round goes on', async () => {
  const { names, after } = await wholeRound();
  for (const step of names.flatMap((name, i) => (NEED_ROOM.includes(name) ? [i] : []))) {
    const { home, paper } = fresh();
    home.disk = fullDisk(step);
    await round(home).catch(error => expect(error).toMatchObject({ code: 'ENOSPC' }));
    expect(drafts(home)).toEqual([]);
    home.disk = machine('x').disk;
    await round(home);
    expect([step, expected(home, paper)]).toEqual([step, after]);
    rmSync(home.folder, { recursive: true });
  }
});
