import type { RootDatabase } from 'lmdb';
import { StorageUnavailableError } from '../../base/errors.ts';
import type { Damage } from './damage.ts';
import { causeOf, toStorageError } from './errors.ts';
import type { DataFile } from './files/data.ts';
import { inTurn } from './in-turn.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/** A synchronous piece of work inside a write transaction. */
interface Job {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  value?: unknown;
  error?: unknown;
}

/** What a writer works with. */
export interface WriterParts {
  readonly folder: string;
  readonly root: RootDatabase;
  readonly file: DataFile;
  readonly damage: Damage;
  readonly snapshot: Snapshot;
  /** Runs first in every transaction and may throw to refuse it. */
  readonly precondition: () => void;
}

/** Most jobs of one transaction: bounds how long the event loop is held. */
const BATCH = 256;

/** Turns of the event loop between two transactions. */
const TURNS = 2;

/**
 * Group commit: all jobs that arrive while a transaction is being flushed to disk share the next one. The lock and the flush
 * are waited for on a thread of the library; only the jobs themselves run on the event loop.
 */
export class Writer {
  readonly #folder: string;
  readonly #root: RootDatabase;
  readonly #file: DataFile;
  readonly #damage: Damage;
  readonly #snapshot: Snapshot;
  readonly #precondition: () => void;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor({ folder, root, file, damage, snapshot, precondition }: WriterParts) {
    this.#folder = folder;
    this.#root = root;
    this.#file = file;
    this.#damage = damage;
    this.#snapshot = snapshot;
    this.#precondition = precondition;
  }

  /**
   * Runs `job` in a write transaction; resolves with its result once that is on disk. A job must be synchronous, and must not
   * throw after its first write: what it wrote before would stay ({@link Writer.atomically} is for those).
   */
  write<R>(job: () => R): Promise<R> {
    if (this.#closed) return Promise.reject(new StorageUnavailableError('the storage is closed'));
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ run: job, resolve, reject });
      this.#running ??= new Promise(setImmediate).then(() => this.#drain());
    });
  }

  /** As {@link Writer.write}; when `job` throws, nothing of it stays. */
  atomically<R>(job: () => R): Promise<R> {
    return this.write(() => this.#root.childTransaction(job as never) as R);
  }

  /** Waits for all jobs; later ones are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const jobs = this.#queue.length > BATCH ? this.#queue.splice(0, BATCH) : this.#queue;
      if (jobs === this.#queue) this.#queue = [];
      await this.#commit(jobs);
      // Answers leave, and what has arrived meanwhile joins the next transaction: each costs a flush.
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate);
    }
    this.#running = undefined;
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    try {
      this.#file.demandInPlace();
      let transaction = -1;
      const run = () => {
        transaction = this.#root.getWriteTxnId();
        this.#precondition();
        for (const job of jobs) {
          try {
            job.value = job.run();
          } catch (error) {
            job.error = error;
          }
          this.#snapshot.wrote(job.error === undefined);
        }
      };
      await inTurn(this.#folder, () => this.#root.transaction(run));
      this.#snapshot.committed(transaction);
      this.#file.demandInPlace(); // before anything is acknowledged
    } catch (error) {
      this.#snapshot.failed();
      const reason = toStorageError(this.#damage.whileWriting(await causeOf(error)));
      for (const job of jobs) job.reject(reason);
      return;
    }
    for (const job of jobs) {
      if (job.error === undefined) job.resolve(job.value as never);
      else job.reject(toStorageError(job.error));
    }
  }
}
