import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import type { Clock } from '../../base/clock.ts';
import { StartupError, StorageUnavailableError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { OpenOptions } from '../options.ts';
import type { BlobStore, Collection, CollectionSpec, Storage, Write } from '../port.ts';
import { EmbeddedCollection } from './collection.ts';
import { commit } from './commit.ts';
import { Damage } from './damage.ts';
import { BLOBS, type Environment, environment, folderOf, openFolder } from './environment.ts';
import { toStorageError } from './errors.ts';
import { FileBlobStore } from './files/blobs.ts';
import { DATA_FILE, LOCK_FILE } from './files/preflight.ts';
import { secretOf } from './files/secrets.ts';
import { inTurn } from './in-turn.ts';
import { demandLayout, type Meta, prepareLayout } from './layout.ts';
import { demandOneSpace } from './neighbours.ts';
import { Snapshot } from './snapshot/snapshot.ts';
import { startSweeper } from './sweep.ts';
import { openTable, type Table } from './table.ts';

/** Opens the embedded engine: LMDB and a folder of blobs. A folder that cannot be used rejects `ready`. */
export function openEmbedded(options: OpenOptions, clock: Clock, log: Log): Promise<Storage> {
  const folder = folderOf(options);
  return inTurn(folder, () => openIn(folder, options, clock, log));
}

function openIn(folder: string, options: OpenOptions, clock: Clock, log: Log): Storage {
  let root: RootDatabase | undefined;
  try {
    root = openFolder(folder, log);
    return new EmbeddedStorage(folder, root, options, clock, log);
  } catch (error) {
    void root?.close();
    return failedStorage(folder, startupErrorOf(folder, error));
  }
}

/** What ends the start; whatever the library cannot read of a file that is whole is damaged. */
function startupErrorOf(folder: string, error: unknown): unknown {
  if (error instanceof StartupError || !(error instanceof Error)) return error;
  return new StartupError(
    `the data in ${folder} cannot be read (${error.message}): put back a backup of the whole folder`,
    {
      cause: error,
    },
  );
}

class EmbeddedStorage implements Storage {
  readonly description: string;
  readonly ready = Promise.resolve();
  readonly atomicCommit = true;
  readonly blobs: BlobStore;
  readonly #env: Environment;
  readonly #tables = new Map<string, Table>();
  readonly #collections = new Map<string, EmbeddedCollection>();
  readonly #counters: Database<number, string>;
  readonly #damage: Damage;
  /** Descriptor of the lock file. */
  readonly #file: number;
  readonly #markClosed: () => void;
  readonly #stopSweeper: () => Promise<void>;
  readonly #swept: Promise<unknown>;
  #closing: Promise<void> | undefined;

  constructor(folder: string, root: RootDatabase, options: OpenOptions, clock: Clock, log: Log) {
    this.description = `embedded engine in ${folder}`;
    const meta: Meta = root.openDB({ name: 'meta' });
    const damage = new Damage(log);
    this.#damage = damage;
    this.#file = openSync(path.join(folder, LOCK_FILE), 'r');
    const parts = { damage, snapshot: new Snapshot(this.#file) };
    this.#counters = root.openDB({ name: 'counters' });
    for (const spec of options.specs) {
      this.#tables.set(spec.name, openTable(root, spec, `data/${options.names[spec.name] ?? spec.name}`, parts));
    }
    const tables = [...this.#tables.values()];
    demandOneSpace(root, meta, folder);
    const layout = prepareLayout(root, meta, tables, log);
    const precondition = () => demandLayout(meta, layout);
    const opened = environment({ folder, root, log, clock, precondition, ...parts });
    this.#env = opened.env;
    this.#markClosed = opened.markClosed;
    for (const table of tables) this.#collections.set(table.spec.name, new EmbeddedCollection(this.#env, table));
    this.#stopSweeper = startSweeper(this.#env, tables, log);
    this.blobs = new FileBlobStore(path.join(folder, BLOBS), this.#env);
    this.#swept = this.blobs
      .sweep()
      .catch(error => log.warn({ err: error }, 'what is left of uploads could not be removed'));
  }

  collection<T extends object>(spec: CollectionSpec<T>): Collection<T> {
    const collection = this.#collections.get(spec.name);
    if (collection === undefined) throw new Error(`collection ${spec.name} was not opened`);
    return collection as unknown as Collection<T>;
  }

  async increment(counter: string, by = 1): Promise<number> {
    return this.#env.writer.write(() => {
      const value = this.#count(counter) + by;
      this.#counters.put(counter, value);
      return value;
    });
  }

  async secret(name: string) {
    return { value: await secretOf(this.#env, name), inDatabase: false };
  }

  async commit(writes: readonly Write[]): Promise<void> {
    await commit(this.#env, name => this.#tableOf(name), writes);
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
    this.#damage.demandNone();
    this.#count('ping');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#markClosed();
    await this.#stopSweeper();
    await this.#swept;
    await this.#env.writer.close();
    await this.#env.root.close();
    closeSync(this.#file);
  }

  #count(counter: string): number {
    try {
      return this.#counters.get(counter) ?? 0;
    } catch (error) {
      throw toStorageError(this.#damage.whileReading(error));
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
    insert: unavailable,
    put: unavailable,
    update: unavailable,
    delete: unavailable,
    deleteMany: unavailable,
    state: unavailable,
    count: unavailable,
    sum: unavailable,
  };
  return {
    description: `embedded engine in ${folder}`,
    ready,
    atomicCommit: true,
    blobs,
    collection: () => collection,
    increment: unavailable,
    secret: unavailable,
    commit: unavailable,
    size: unavailable,
    ping: unavailable,
    close: async () => {},
  };
}
