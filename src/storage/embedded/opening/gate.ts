import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { open, type RootDatabase } from 'lmdb';
import { LockFile } from '../files/lock.ts';
import { readMeta } from '../files/meta-pages.ts';
import { DATA_FILE, GATE_FILE, LOCK_FILE, OPENING_FILE } from '../files/names.ts';
import { inTurn } from '../in-turn.ts';

/** Milliseconds for which who opens lets transactions end that began before. */
const LET_END = 10;

/** Milliseconds between two looks at whether somebody is still opening, and after how many it is looked whether he lives. */
const LOOK = 2;
const PATIENCE = 250;

/** How often a database with a destroyed lock is opened again. */
const ATTEMPTS = 50;

/**
 * Through which processes come to one data folder, one at a time, while nobody writes.
 *
 * LMDB 3.5.6 has a race (`mdb_env_open2`): whoever opens a data file sets the number of the last transaction to the one it has read from
 * the file a moment before. What another process has committed in that moment is forgotten: the next transaction takes its number, and
 * its pages. So a file says that somebody is opening, and whoever finds it when a transaction has begun writes nothing and
 * waits; one transaction at most was past that look, and who opens puts the number right after it. See decision 25.
 *
 * The gate itself is the write lock of a database into which nothing is ever written: whoever dies in it leaves it open.
 */
export class Gate {
  readonly #folder: string;
  readonly #opening: string;
  #env: RootDatabase;

  /** The folder must be there. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#opening = path.join(folder, OPENING_FILE);
    this.#env = this.#open();
  }

  /** Does the work while nobody else is in the gate. It must be synchronous, and not enter again. */
  alone<T>(work: () => T): T {
    return soundly(
      () => {
        let outcome: (() => T) | undefined;
        this.#env.transactionSync(() => {
          outcome = outcomeOf(work);
        });
        return outcome as unknown as () => T;
      },
      () => this.close(),
      () => {
        this.#env = this.#open();
      },
    )();
  }

  /** Opens the data file by `open`. To be called in the gate. */
  admit(open: () => RootDatabase): { root: RootDatabase; lock: LockFile } {
    const isNew = !existsSync(path.join(this.#folder, LOCK_FILE));
    writeFileSync(this.#opening, '', { mode: 0o600 });
    if (!isNew) sleep(LET_END);
    let root = open();
    let lock = new LockFile(this.#folder);
    const close = () => {
      void root.close();
      lock.close();
    };
    const reopen = () => {
      root = open();
      lock = new LockFile(this.#folder);
    };
    soundly(() => this.#letIn(root, lock), close, reopen);
    return { root, lock };
  }

  /** Whether transactions are to write nothing, because somebody is opening. To be asked when one has begun. */
  get isShut(): boolean {
    return existsSync(this.#opening);
  }

  /** Waits until nobody is opening. Whoever died of it is made up for. */
  async passable(root: RootDatabase, lock: LockFile): Promise<void> {
    for (let waited = 0; this.isShut && waited < PATIENCE; waited += LOOK) await pause(LOOK);
    if (this.isShut) await inTurn(this.#folder, () => this.alone(() => this.#letIn(root, lock)));
  }

  /** {@link RootDatabase.transactionSync}, once nobody is opening. */
  transactionSync<T>(root: RootDatabase, lock: LockFile, work: () => T): T {
    for (let waited = 0; ; waited += LOOK) {
      let result: { value: T } | undefined;
      root.transactionSync(() => {
        if (!this.isShut) result = { value: work() };
      });
      if (result !== undefined) return result.value;
      if (waited < PATIENCE) sleep(LOOK);
      else this.alone(() => this.#letIn(root, lock));
    }
  }

  close(): void {
    void this.#env.close();
  }

  /** Puts the number of the last transaction right, and lets others write again. */
  #letIn(root: RootDatabase, lock: LockFile): void {
    if (!this.isShut) return;
    root.transactionSync(() => {
      const newest = this.#newest();
      if (newest > lock.transaction) lock.transaction = newest;
    });
    rmSync(this.#opening, { force: true });
  }

  /** Number of the newest transaction in the data file, which a process with the write lock knows to be complete. */
  #newest(): number {
    const file = openSync(path.join(this.#folder, DATA_FILE), 'r');
    try {
      return Number(readMeta(file)?.transaction ?? 0n);
    } finally {
      closeSync(file);
    }
  }

  #open(): RootDatabase {
    const file = path.join(this.#folder, GATE_FILE);
    return open({ path: file, noSubdir: true, maxDbs: 1, permissionsMode: 0o600, overlappingSync: false } as never);
  }
}

/**
 * Does what takes a write lock of LMDB. Whoever closes a database last destroys its lock, perhaps when another process has just opened it:
 * that one opens it again.
 */
function soundly<T>(work: () => T, close: () => void, reopen: () => void): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return work();
    } catch (error) {
      if (attempt === ATTEMPTS || !isOfLock(error)) throw error;
      close();
      sleep(Math.random() * LOOK * attempt);
      reopen();
    }
  }
}

/** What LMDB says of a lock that is none any more. */
function isOfLock(error: unknown): boolean {
  return error instanceof Error && /invalid argument/i.test(error.message);
}

/** Does the work, and returns or throws what it did when that is called. */
function outcomeOf<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** Holds the event loop, for milliseconds. */
function sleep(duration: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration);
}
