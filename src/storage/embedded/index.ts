import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { StorageUnavailableError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { OpenOptions } from '../options.ts';
import type { BlobStore, Collection, CollectionSpec, Fill, Snapshot, Storage, Write } from '../port.ts';
import { EmbeddedChanges } from './changes/changes.ts';
import { checkIndexes } from './check.ts';
import { EmbeddedCollection } from './collection.ts';
import { commit } from './commit.ts';
import { beginFill } from './copies/fill.ts';
import { openSnapshot } from './copies/snapshot.ts';
import { type Environment, environment, folderOf } from './environment.ts';
import { toStorageError } from './errors.ts';
import { FileBlobStore } from './files/blobs.ts';
import { BLOBS, DATA_FILE } from './files/names.ts';
import { secretOf } from './files/secrets.ts';
import { inTurn } from './in-turn.ts';
import { type Opened, openData } from './opening/open-data.ts';
import { startSweeper } from './sweep.ts';
import type { Table } from './table.ts';

/** Opens the embedded engine: LMDB and a folder of blobs. A folder that cannot be used rejects `ready`. */
export function openEmbedded(options: OpenOptions, clock: Clock, log: Log): Promise<Storage> {
  const folder = folderOf(options);
  return inTurn(folder, () => openIn(folder, options, clock, log));
}

function openIn(folder: string, options: OpenOptions, clock: Clock, log: Log): Storage {
  try {
    return new EmbeddedStorage(openData(folder, options, log), options, clock, log);
  } catch (error) {
    return failedStorage(folder, error);
  }
}

class EmbeddedStorage implements Storage {
  readonly description: string;
  readonly ready = Promise.resolve();
  readonly atomicCommit = true;
  readonly blobs: BlobStore;
  readonly changes: EmbeddedChanges;
  readonly #opened: Opened;
  readonly #env: Environment;
  readonly #tables = new Map<string, Table>();
  readonly #collections = new Map<string, EmbeddedCollection>();
  readonly #markClosed: () => void;
  readonly #stopSweeper: () => Promise<void>;
  readonly #swept: Promise<unknown>;
  #closing: Promise<void> | undefined;

  constructor(opened: Opened, { purpose, readOnly = () => false }: OpenOptions, clock: Clock, log: Log) {
    const { folder, tables } = opened;
    this.description = `embedded engine in ${folder}`;
    this.#opened = opened;
    const { env, markClosed } = environment(opened, clock, log);
    this.#env = env;
    this.#markClosed = markClosed;
    for (const table of tables) {
      this.#tables.set(table.spec.name, table);
      this.#collections.set(table.spec.name, new EmbeddedCollection(env, table, name => this.#tableOf(name)));
    }
    this.changes = new EmbeddedChanges(env, opened);
    this.blobs = new FileBlobStore(path.join(folder, BLOBS), env);
    const serves = purpose === undefined;
    this.#stopSweeper = serves ? startSweeper(env, tables, readOnly, log) : async () => {};
    this.#swept = (serves ? this.blobs.sweep() : Promise.resolve()).catch(error =>
      log.warn({ err: error }, 'what is left of uploads could not be removed'),
    );
  }

  collection<T extends object>(spec: CollectionSpec<T>): Collection<T> {
    const collection = this.#collections.get(spec.name);
    if (collection === undefined) throw new Error(`collection ${spec.name} was not opened`);
    return collection as unknown as Collection<T>;
  }

  async increment(counter: string, by = 1): Promise<number> {
    return this.#env.writer.write(() => {
      const value = this.#count(counter) + by;
      this.#opened.counters.put(counter, value);
      return value;
    });
  }

  async secret(name: string) {
    return { value: await secretOf(this.#env, name), inDatabase: false };
  }

  async commit(writes: readonly Write[]): Promise<void> {
    await commit(this.#env, name => this.#tableOf(name), writes);
  }

  async snapshot(): Promise<Snapshot> {
    this.#env.beginRead();
    return openSnapshot(this.#env, this.#opened);
  }

  async fill(copy: string): Promise<Fill> {
    this.#env.beginRead();
    return beginFill(this.#env, this.#opened, this.blobs, copy);
  }

  checkIndexes(repair: boolean) {
    return checkIndexes(this.#env, this.#opened, repair);
  }

  async size(): Promise<number> {
    this.#env.beginRead();
    try {
      return (await stat(path.join(this.#env.folder, DATA_FILE))).size;
    } catch (error) {
      throw toStorageError(error);
    }
  }

  async ping(): Promise<void> {
    this.#env.beginRead();
    this.#env.file.demandInPlace();
    this.#opened.damage.demandNone();
    this.#count('ping');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#markClosed();
    this.changes.close();
    await this.#stopSweeper();
    await this.#swept;
    await this.#env.writer.close();
    await this.#opened.close();
  }

  #count(counter: string): number {
    try {
      return this.#opened.counters.get(counter) ?? 0;
    } catch (error) {
      throw toStorageError(this.#opened.damage.whileReading(error));
    }
  }

  #tableOf(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`collection ${name} was not opened`);
    return table;
  }
}

/** What stands for an engine that could not open: `ready` says why, everything else is unavailable. */
function failedStorage(folder: string, error: unknown): Storage {
  const ready = Promise.reject(error);
  ready.catch(() => {});
  const unavailable = async (): Promise<never> => {
    throw new StorageUnavailableError('the storage did not open', { cause: error });
  };
  const blobs = {
    put: unavailable,
    open: unavailable,
    stat: unavailable,
    delete: unavailable,
    list: unavailable,
    sweep: unavailable,
    count: unavailable,
    sum: unavailable,
    ping: unavailable,
  };
  const collection = {
    get: unavailable,
    getMany: unavailable,
    find: unavailable,
    scan: unavailable,
    texts: unavailable,
    all: unavailable,
    insert: unavailable,
    put: unavailable,
    update: unavailable,
    delete: unavailable,
    deleteMany: unavailable,
    getEnded: unavailable,
    retire: unavailable,
    state: unavailable,
    count: unavailable,
    estimate: unavailable,
    sum: unavailable,
  };
  return {
    description: `embedded engine in ${folder}`,
    ready,
    atomicCommit: true,
    changes: undefined,
    blobs,
    collection: () => collection,
    increment: unavailable,
    secret: unavailable,
    commit: unavailable,
    snapshot: unavailable,
    fill: unavailable,
    checkIndexes: () => undefined,
    size: unavailable,
    ping: unavailable,
    close: async () => {},
  };
}
