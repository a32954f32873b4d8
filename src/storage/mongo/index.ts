import type { Db, MongoClient, Collection as MongoCollection } from 'mongodb';
import type { Clock } from '../../base/clock.ts';
import { StorageUnavailableError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { snapshotOfWrite } from '../change.ts';
import type { OpenOptions } from '../options.ts';
import type { Collection, CollectionSpec, Fill, Snapshot, Storage, Write } from '../port.ts';
import { demandSecretName } from '../secret.ts';
import { GridBlobStore } from './blobs/blobs.ts';
import { MongoChanges } from './changes/changes.ts';
import { sourceOf } from './changes/source.ts';
import { ClientWatch } from './client-watch.ts';
import { MongoDbCollection, type Retire } from './collection.ts';
import { clientOf, type Topology, topologyOf, untilReachable } from './connect.ts';
import { beginFill } from './copies/fill.ts';
import { demandFilled } from './copies/mark.ts';
import { openSnapshot } from './copies/snapshot.ts';
import { type Counter, increment } from './counters.ts';
import { Gate } from './gate.ts';
import { demandSchema, prepare } from './prepare/prepare.ts';
import { type Secret, secretOf } from './secrets.ts';
import { sizeOf } from './size.ts';
import { type Doc, type Table, tableOf } from './table.ts';
import { commitAtomically } from './writes/commit.ts';
import { commitInOrder } from './writes/commit-in-order.ts';
import { dryRun } from './writes/dry-run.ts';
import { retireEnded } from './writes/retire.ts';
import { isLong, type Step } from './writes/steps.ts';

const CLOSED = 'the storage is closed';

/**
 * Opens the MongoDB engine. Returns at once; connects and prepares in the background, for as long as it takes.
 */
export function openMongo(options: OpenOptions, clock: Clock, log: Log): Storage {
  return new MongoStorage(options, clock, log);
}

class MongoStorage implements Storage {
  readonly ready: Promise<void>;
  readonly blobs: GridBlobStore;
  readonly #database: string;
  readonly #purpose: OpenOptions['purpose'];
  readonly #clock: Clock;
  readonly #client: MongoClient;
  readonly #gate: Gate;
  readonly #closing = new AbortController();
  readonly #tables = new Map<string, Table>();
  readonly #collections = new Map<string, MongoDbCollection>();
  readonly #changes: MongoChanges;
  readonly #counters: MongoCollection<Counter>;
  readonly #secrets: MongoCollection<Secret>;
  #watch: ClientWatch | undefined;
  #topology: Topology | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: OpenOptions, clock: Clock, log: Log) {
    const { client, failure } = tryClient(options.host);
    const db = client.db(options.database);
    const now = () => clock.now();
    this.#database = options.database;
    this.#purpose = options.purpose;
    this.#clock = clock;
    this.#client = client;
    this.#gate = new Gate(() => db.command({ ping: 1 }));
    this.#counters = db.collection('keybin_counters');
    this.#secrets = db.collection('keybin_secrets');
    this.blobs = new GridBlobStore(db, this.#gate, now);
    const retire: Retire = (table, limit, successors) => {
      const ended = { table, limit, stepsFor: (doc: Doc) => successors(doc).map(write => this.#stepOf(write)) };
      return retireEnded(this.#client, ended, now, this.atomicCommit);
    };
    for (const spec of options.specs) {
      const table = tableOf(db, spec, options.names[spec.name] ?? spec.name);
      this.#tables.set(spec.name, table);
      this.#collections.set(spec.name, new MongoDbCollection(table, this.#gate, now, retire));
    }
    const told = [...this.#tables.values()].filter(({ spec }) => spec.told !== undefined);
    this.#changes = new MongoChanges(sourceOf(db, told, this.#gate), { now, log });
    this.ready = failure === undefined ? this.#open(db, log) : Promise.reject(failure);
    this.ready.catch(() => this.close()); // and whoever does not look at `ready` is not ended by it
  }

  get description(): string {
    const { hosts, srvHost } = this.#client.options;
    const servers = srvHost ?? hosts.map(host => host.toString()).join(',');
    const topology = this.#topology === undefined ? '' : ` (${this.#topology.name})`;
    return `MongoDB ${servers}/${this.#database}${topology}`;
  }

  get atomicCommit(): boolean {
    return this.#topology?.transactions ?? false;
  }

  get changes(): MongoChanges | undefined {
    return this.atomicCommit ? this.#changes : undefined;
  }

  collection<T extends object>(spec: CollectionSpec<T>): Collection<T> {
    const collection = this.#collections.get(spec.name);
    if (collection === undefined) throw new Error(`collection ${spec.name} was not opened`);
    return collection as unknown as Collection<T>;
  }

  increment(counter: string, by = 1): Promise<number> {
    return this.#gate.short(() => increment(this.#counters, counter, by));
  }

  async secret(name: string) {
    demandSecretName(name);
    return { value: await this.#gate.short(() => secretOf(this.#secrets, name)), inDatabase: true };
  }

  async commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    const steps = writes.map(write => this.#stepOf(write));
    const now = () => this.#clock.now();
    const work = async () => {
      if (this.atomicCommit) return commitAtomically(this.#client, steps, now);
      await dryRun(steps, now());
      await commitInOrder(steps, now);
    };
    await (isLong(steps) ? this.#gate.long(work) : this.#gate.short(work));
  }

  snapshot(): Promise<Snapshot> {
    const session = this.atomicCommit ? this.#client.startSession({ snapshot: true }) : undefined;
    return this.#gate.short(async () => openSnapshot({ ...this.#parts(), session }));
  }

  fill(copy: string): Promise<Fill> {
    return this.#gate.long(() => beginFill({ ...this.#parts(), blobs: this.blobs }, copy));
  }

  checkIndexes() {
    return undefined;
  }

  size(): Promise<number> {
    return this.#gate.long(() => sizeOf(this.#client.db(this.#database)));
  }

  async ping(): Promise<void> {
    await this.#gate.short(() => this.#client.db(this.#database).command({ ping: 1 }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #open(db: Db, log: Log): Promise<void> {
    const { signal } = this.#closing;
    this.#watch = new ClientWatch(this.#client, signal, log);
    const prepareAll = async () => {
      await this.#client.connect();
      this.#topology = await topologyOf(this.#client);
      if (this.#purpose !== 'fill') await demandFilled(db);
      if (this.#purpose === 'copy') return demandSchema(db);
      await prepare(db, [...this.#tables.values()], log);
      await this.blobs.prepare();
    };
    await untilReachable(prepareAll, signal, log);
    signal.throwIfAborted();
    this.#gate.open();
  }

  async #close(): Promise<void> {
    this.#closing.abort(new StorageUnavailableError(CLOSED));
    this.#changes.close();
    await this.#gate.shut(CLOSED);
    await this.#client.close();
    await this.ready.catch(() => {});
    await this.#watch?.idle();
    await this.#client.close(); // what an attempt to connect, under way until now, may have opened
  }

  #parts() {
    const db = this.#client.db(this.#database);
    const tables = [...this.#tables.values()];
    return { db, gate: this.#gate, tables, counters: this.#counters, secrets: this.#secrets };
  }

  #stepOf(write: Write): Step {
    return { write: snapshotOfWrite(write), table: this.#tableOf(write.in.name) };
  }

  #tableOf(name: string): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`collection ${name} was not opened`);
    return table;
  }
}

/** With a malformed address, a client that is never used stands in: the gate stays shut. */
function tryClient(uri: string): { client: MongoClient; failure?: unknown } {
  try {
    return { client: clientOf(uri) };
  } catch (failure) {
    return { client: clientOf('mongodb://malformed-address/'), failure };
  }
}
