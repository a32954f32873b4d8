import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { settle } from '../../../src/cli/dotsync/engine/settle.ts';
import { State } from '../../../src/cli/dotsync/engine/state.ts';
import { embedded } from '../../support/engines.ts';
import { openServer } from '../../support/served.ts';
import { type Home, newHome, newOwner, type Owner } from './home.ts';

/** `npm run test:dotsync` asks for ten thousand. */
const STEPS = Number(process.env.KEYBIN_DOTSYNC_STEPS ?? 150);
const SEED = Number(process.env.KEYBIN_DOTSYNC_SEED ?? Date.now() % 1_000_000);

const FILES = ['~/.vimrc', '~/.config/app/settings', '~/notes/ünï cödé', '~/.linked'];
const MACHINE = fileURLToPath(new URL('machine.js', import.meta.url));

/** Milliseconds of a round before its process is killed, at most: longer than most rounds take. */
const LONGEST = 60;

/** A number of the same sequence for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The process of a machine. */
class Worker {
  readonly home: Home;
  online = true;
  #process: ReturnType<typeof spawn> | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(home: Home) {
    this.home = home;
  }

  /** Begins a round; what it resolves with is what became of it, or undefined when it was killed. */
  async round(
    during: (kill: () => void) => void = () => {},
  ): Promise<{ files?: { what: string; path: string }[]; error?: string } | undefined> {
    if (this.#process === undefined) await this.#start();
    const child = this.#process;
    child?.stdin?.write(this.online ? 'online\n' : 'offline\n');
    during(() => child?.kill('SIGKILL'));
    const { value, done } = (await this.#lines?.next()) ?? { done: true };
    if (!done) return JSON.parse(value);
    this.#process = undefined;
    return undefined;
  }

  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  async #start(): Promise<void> {
    const { folder, name, owner } = this.home;
    const child = spawn(process.execPath, [MACHINE, folder, name, owner.url, owner.config], {
      env: { PATH: process.env.PATH, TOKEN: owner.token },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => {}); // it may be dead
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#process = child;
    expect((await this.#lines.next()).value).toBe('ready');
  }
}

/** All that people do, with what has to be there in the end. Every edit adds a word that nobody else writes. */
class Life {
  readonly workers: Worker[];
  readonly counts: Record<string, number> = {};
  readonly #owner: Owner;
  readonly #random: () => number;
  /** Words, by file. */
  readonly #words = new Map<string, Set<string>>(FILES.map(path => [path, new Set()]));
  #written = 0;
  /** Words of the file that somebody deleted last, by machine and path. */
  readonly #deleted = new Map<string, string[]>();

  constructor(owner: Owner, homes: readonly Home[], random: () => number) {
    this.#owner = owner;
    this.workers = homes.map(home => new Worker(home));
    this.#random = random;
  }

  async step(): Promise<void> {
    const worker = this.#one(this.workers);
    const path = this.#one(FILES);
    const dice = this.#random();
    if (dice < 0.3) return this.#edit(worker, path);
    if (dice < 0.34) return this.#delete(worker, path);
    if (dice < 0.37) return this.#chmod(worker, path);
    if (dice < 0.4) {
      worker.online = this.#random() < 0.6;
      return;
    }
    if (dice < 0.5) return this.#resolve(worker);
    if (dice < 0.51) return this.#relist(worker, path);
    const fate = this.#random();
    if (fate < 0.1) await this.#round(worker, 'killed');
    else await this.#round(worker, fate < 0.5 ? 'disturbed' : 'quiet');
  }

  /** Everybody is there again, merges what is in conflict, and syncs until nothing happens any more. */
  async settle(): Promise<void> {
    await this.#owner.track(...FILES);
    for (const worker of this.workers) worker.online = true;
    for (let quiet = 0; quiet < this.workers.length; ) {
      for (const worker of this.workers) {
        const merged = this.#merge(worker);
        const done = await worker.round();
        expect(done?.error).toBeUndefined();
        quiet = merged || (done?.files ?? []).length > 0 ? 0 : quiet + 1;
      }
    }
  }

  /**
   * Words that are in no file of any machine, on the server, or among what was replaced. What is only there is counted, and looked for
   * no more: these files are not kept for ever.
   */
  async lost(): Promise<string[]> {
    const { files, kept } = this.#found();
    for (const path of FILES) for (const word of await this.#stored(path)) files.add(word);
    const lost: string[] = [];
    for (const words of this.#words.values()) {
      for (const word of words) {
        if (files.has(word)) continue;
        if (!kept.has(word)) lost.push(word);
        this.#count('words only among what was replaced');
        words.delete(word);
      }
    }
    return lost;
  }

  get words(): number {
    return this.#written;
  }

  /** All words that lie somewhere. */
  #found(): { files: Set<string>; kept: Set<string> } {
    const files = new Set(
      this.workers.flatMap(({ home }) => home.files().flatMap(name => wordsOf(home.read(name) ?? ''))),
    );
    const kept = new Set(
      this.workers.flatMap(({ home }) =>
        home.disk
          .list(home.at('.dotsync/replaced'))
          .flatMap(name => wordsOf(home.read(`.dotsync/replaced/${name}`) ?? '')),
      ),
    );
    return { files, kept };
  }

  #edit({ home }: Worker, path: string): void {
    const word = `${home.name}.${this.#written++}`;
    const copies = home.files().filter(name => name.startsWith(`${path.slice(2)}.dotsync-`));
    const [copy] = copies;
    // Now and then somebody merges in the copy.
    const target = copy !== undefined && this.#random() < 0.2 ? `~/${copy}` : path;
    const before = home.read(target);
    if (before === undefined) {
      // Whoever deleted the file and makes a new one has replaced what was in it, on the server too.
      const { files } = this.#found();
      for (const word of this.#deleted.get(`${home.name} ${path}`) ?? [])
        if (!files.has(word)) this.#words.get(path)?.delete(word);
    }
    if (before === undefined || this.#random() < 0.5) {
      home.write(target, `${before ?? ''}${word}\n`);
    } else {
      // As most editors do it.
      writeFileSync(`${home.at(target)}~`, `${before}${word}\n`);
      renameSync(`${home.at(target)}~`, home.at(target));
    }
    this.#words.get(path)?.add(word);
    this.#count('edits');
  }

  /** What somebody deletes before it was sent, he wants gone. */
  async #delete({ home }: Worker, path: string): Promise<void> {
    if (home.files().some(name => name.startsWith(`${path.slice(2)}.dotsync-`))) return;
    const gone = wordsOf(home.read(path) ?? '');
    home.remove(path);
    this.#deleted.set(`${home.name} ${path}`, gone);
    const left = new Set([...(await this.#stored(path)), ...this.#elsewhere(path)]);
    for (const word of gone) if (!left.has(word)) this.#words.get(path)?.delete(word);
    this.#count('deletions');
  }

  #chmod({ home }: Worker, path: string): void {
    if (home.read(path) === undefined) return;
    chmodSync(home.at(path), this.#one([0o600, 0o644, 0o700, 0o755]));
    this.#count('modes');
  }

  /** Most people merge; some take one side, and want the other one gone. */
  #resolve(worker: Worker): void {
    const { home } = worker;
    const state = new State(home.disk, home.at('.dotsync/state'));
    const open = state.conflicts();
    if (open.length === 0) return;
    if (this.#random() < 0.7) {
      this.#merge(worker);
      return;
    }
    const { config, path, conflict } = this.#one(open);
    const mine = home.read(path);
    const theirs = conflict.copies.map(copy => home.read(copy)).filter(text => text !== undefined);
    if (mine === undefined || theirs.length === 0) return;
    const side = this.#one(['mine', 'theirs'] as const);
    const place = { disk: home.disk, home: home.folder, own: home.at('.dotsync'), allowed: [] };
    settle({ place, state, config }, path, side, true);
    const kept = new Set(wordsOf(home.read(path) ?? ''));
    for (const word of [mine, ...theirs].flatMap(wordsOf)) if (!kept.has(word)) this.#words.get(path)?.delete(word);
    this.#count('sides taken');
  }

  #merge({ home }: Worker): boolean {
    const state = new State(home.disk, home.at('.dotsync/state'));
    let merged = false;
    for (const name of home.files().filter(file => file.includes('.dotsync-'))) {
      const path = `~/${name.slice(0, name.indexOf('.dotsync-'))}`;
      const all = [...wordsOf(home.read(path) ?? ''), ...wordsOf(home.read(name) ?? '')];
      home.write(path, [...new Set(all)].map(word => `${word}\n`).join(''));
      home.remove(name);
      merged = true;
    }
    if (merged) this.#count('merges');
    return merged && state.conflicts().length >= 0;
  }

  /** The file is watched no longer, and then again: its copy on the server is gone. */
  async #relist(worker: Worker, path: string): Promise<void> {
    const stored = await this.#stored(path);
    await this.#owner.track(...FILES.filter(other => other !== path));
    // Who does that has all that the server has, or wants it gone: `keybin dotsync rm` sees to it.
    const { files, kept } = this.#found();
    for (const word of stored) if (!files.has(word) && !kept.has(word)) this.#words.get(path)?.delete(word);
    if (this.#random() < 0.5) await worker.round();
    await this.#owner.track(...FILES);
    this.#count('listed again');
  }

  async #round(worker: Worker, how: 'quiet' | 'killed' | 'disturbed'): Promise<void> {
    let ended = false;
    const doing: Promise<unknown>[] = [];
    const done = await worker.round(kill => {
      if (how === 'quiet') return;
      const moment = this.#random() * LONGEST;
      const path = this.#one(FILES);
      doing.push(
        pause(moment).then(() => {
          if (how === 'killed') return kill();
          if (!ended) this.#append(worker, path);
        }),
      );
    });
    ended = true;
    await Promise.all(doing);
    // Killed when it was done already.
    if (how === 'killed' && done !== undefined) await worker.round();
    this.#count(done === undefined ? 'rounds killed' : done.error === undefined ? 'rounds' : 'rounds offline');
  }

  /** An edit while a round is under way. */
  #append({ home }: Worker, path: string): void {
    if (home.read(path) === undefined) return;
    const word = `${home.name}.${this.#written++}`;
    try {
      appendFileSync(home.at(path), `${word}\n`);
    } catch {
      return;
    }
    this.#words.get(path)?.add(word);
    this.#count('edits in a round');
  }

  async #stored(path: string): Promise<string[]> {
    const [worker] = this.workers;
    if (worker === undefined) return [];
    for await (const line of worker.home.remote.sync(this.#owner.config, [])) {
      if (line.event === 'file' && line.path === path && line.content !== undefined) {
        return wordsOf(Buffer.from(line.content, 'base64').toString());
      }
    }
    return [];
  }

  #elsewhere(path: string): string[] {
    return this.workers.flatMap(({ home }) => wordsOf(home.read(path) ?? ''));
  }

  #one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T;
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}

function wordsOf(text: string): string[] {
  return text.split('\n').filter(word => word !== '');
}

it(
  `three machines for ${STEPS} steps, killed and cut off at random: all end equal, and no edit is lost (seed ${SEED})`,
  async () => {
    const served = await openServer(embedded);
    const owner = await newOwner(served, ...FILES);
    const homes = await Promise.all(['one', 'two', 'three'].map(name => newHome(owner, name)));
    homes[0]?.link('dots/linked', '~/.linked');
    const life = new Life(owner, homes, randomOf(SEED));
    onTestFinished(() => {
      for (const worker of life.workers) worker.kill();
    });
    for (let step = 1; step <= STEPS; step++) {
      await life.step();
      if (step % 100 === 0) expect(await life.lost(), `after ${step} steps`).toEqual([]);
    }
    await life.settle();
    const [first, ...others] = homes.map(home =>
      FILES.map(path => [path, home.read(path), home.read(path) === undefined ? '' : home.mode(path)]),
    );
    for (const other of others) expect(other).toEqual(first);
    for (const home of homes) expect(home.files().filter(name => name.includes('.dotsync'))).toEqual([]);
    expect(await life.lost()).toEqual([]);
    if (STEPS > 1000) console.warn(JSON.stringify({ seed: SEED, ...life.counts, words: life.words }));
  },
  120_000 + STEPS * 1_000,
);
