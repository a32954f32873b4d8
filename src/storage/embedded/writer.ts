import { StorageUnavailableError } from '../../base/errors.ts';
import { causeOf, toStorageError } from './errors.ts';
import type { DataFile } from './files/data.ts';
import { inTurn } from './in-turn.ts';
import { demandLayout } from './opening/layout.ts';
import type { Opened } from './opening/open-data.ts';

/** A synchronous piece of work inside a write transaction. */
interface Job {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  value?: unknown;
  error?: unknown;
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
  readonly #data: Opened;
  readonly #file: DataFile;
  #queue: Job[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(data: Opened, file: DataFile) {
    this.#data = data;
    this.#file = file;
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
    return this.write(() => this.#data.root.childTransaction(job as never) as R);
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
    const { snapshot, damage } = this.#data;
    try {
      this.#file.demandInPlace();
      snapshot.committed(await this.#transaction(jobs));
      this.#file.demandInPlace(); // before anything is acknowledged
      this.#data.stamps.committed();
    } catch (error) {
      snapshot.failed();
      const reason = toStorageError(damage.whileWriting(await causeOf(error)));
      for (const job of jobs) job.reject(reason);
      return;
    }
    for (const job of jobs) {
      if (job.error === undefined) job.resolve(job.value as never);
      else job.reject(toStorageError(job.error));
    }
  }

  /** Runs the jobs in a transaction of which nobody who opens the folder can take the number. Resolves with that number. */
  async #transaction(jobs: readonly Job[]): Promise<number> {
    const { folder, root, lock, gate, stamps } = this.#data;
    for (;;) {
      let number: number | undefined;
      const run = () => {
        if (gate.isShut) return;
        number = root.getWriteTxnId();
        stamps.begin(number);
        this.#run(jobs);
        stamps.record();
      };
      await inTurn(folder, () => root.transaction(run));
      if (number !== undefined) return number;
      await gate.passable(root, lock);
    }
  }

  #run(jobs: readonly Job[]): void {
    demandLayout(this.#data);
    for (const job of jobs) {
      try {
        job.value = job.run();
      } catch (error) {
        job.error = error;
      }
      this.#data.snapshot.wrote(job.error === undefined);
    }
  }
}
