/** The storage engines, as tests open them. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { describe, inject, type TestContext } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import type { Log } from '../../src/base/log.ts';
import type { OpenOptions } from '../../src/storage/options.ts';
import type { CollectionSpec, Storage } from '../../src/storage/port.ts';
import { type TestClock, testClock } from './clock.ts';
import type { MongoFeatures } from './mongodb-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: a list of specs of different documents
type Specs = readonly CollectionSpec<any>[];

/**
 * The server of MongoDB shares the machine's cores with all tests, and now and then takes longer than the two seconds after which
 * the engine gives up: 503, as it has to be. What is wrong is wrong again.
 */
const RETRIES = 2;

/** How to open an engine. */
export interface EngineOptions {
  readonly specs?: Specs;
  /** Logical collection name to physical one. */
  readonly names?: Readonly<Record<string, string>>;
  readonly clock?: TestClock;
  readonly log?: Log;
  /** Another way to the same server or folder: see `fault.ts`. */
  readonly host?: string;
  readonly purpose?: OpenOptions['purpose'];
}

/** An engine on data of its own. */
export interface OpenedEngine {
  /** The handle in use: after `reopen` the new one. */
  readonly storage: Storage;
  readonly clock: TestClock;
  /** What `openStorage` takes: for tests that start a whole server, or read the data behind the engine's back. */
  readonly options: OpenOptions;
  /** Closes and opens again, with other specs if they are given. */
  reopen(specs?: Specs): Promise<Storage>;
  /** A second handle on the same data, closed by `cleanup`. */
  another(options?: EngineOptions): Promise<Storage>;
  /** As `another`, but not waited for: `ready` may be pending, or rejected later. */
  start(options?: EngineOptions): Promise<Storage>;
  /** Closes every handle and removes the data. */
  cleanup(): Promise<void>;
}

/** An engine under test. */
export interface Engine {
  readonly name: 'embedded' | 'mongodb';
  /** Why it cannot be tested in this run. */
  readonly skip?: string;
  /** Opens it on fresh data and waits until it is ready. */
  open(options?: EngineOptions): Promise<OpenedEngine>;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const mongo = inject('mongodb');

/** For tests that need no more than one. */
export const embedded: Engine = {
  name: 'embedded',
  async open(options = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'keybin-test-'));
    const { openEmbedded } = await import('../../src/storage/embedded/index.ts');
    return open(openEmbedded, `file:${folder}`, options, () => rm(folder, { recursive: true, force: true }));
  },
};

const mongodb: Engine = {
  name: 'mongodb',
  ...('missing' in mongo && { skip: mongo.missing }),
  async open(options = {}) {
    const { openMongo } = await import('../../src/storage/mongo/index.ts');
    return open(openMongo, mongoUri(), options, dropDatabase);
  },
};

/** Both engines. */
export const engines: readonly Engine[] = [embedded, mongodb];

/** The URI of the MongoDB server of this run. Throws when there is none: only for suites that are skipped then. */
export function mongoUri(): string {
  if ('missing' in mongo) throw new Error(mongo.missing);
  return mongo.uri;
}

/** Registers `tests` once for each engine, or for those named; one that is not to be had is skipped by name. */
export function forEachEngine(
  title: string,
  tests: (engine: Engine) => void,
  names: readonly Engine['name'][] = ['embedded', 'mongodb'],
): void {
  for (const engine of engines.filter(e => names.includes(e.name))) {
    const options = { skip: engine.skip !== undefined, retry: engine.name === 'mongodb' ? RETRIES : 0 };
    describe(`${title} on ${engine.name}`, options, () => tests(engine));
  }
}

/**
 * Cases of which each is decided before the storage has a say: all of them on the embedded engine, one on MongoDB, where all
 * would take minutes and show nothing more.
 */
export function allOrFirst<T>(engine: Engine, cases: readonly T[]): readonly T[] {
  return engine.name === 'embedded' ? cases : cases.slice(0, 1);
}

/** Whether the engine can do this: the embedded one always, MongoDB as its server can. */
export function can(engine: Engine, feature: keyof MongoFeatures): boolean {
  return engine.name === 'embedded' || ('uri' in mongo && mongo[feature]);
}

/** Skips the running test, and has the run name it at the end, unless the engine can do this. */
export function needs(context: TestContext, engine: Engine, feature: keyof MongoFeatures): void {
  if (!can(engine, feature)) context.skip(`this MongoDB server has no ${feature}`);
}

type Open = (options: OpenOptions, clock: Clock, log: Log) => Storage | Promise<Storage>;

async function open(
  openEngine: Open,
  host: string,
  given: EngineOptions,
  remove: (options: OpenOptions) => Promise<void>,
): Promise<OpenedEngine> {
  const clock = given.clock ?? testClock();
  const database = `keybin_test_${randomBytes(6).toString('hex')}`;
  const options: OpenOptions = {
    host: given.host ?? host,
    database,
    names: given.names ?? {},
    specs: given.specs ?? [],
  };
  const handles: Storage[] = [];
  const start = async (changed: EngineOptions = {}) => {
    const { clock: otherClock = clock, log = given.log ?? silent, ...others } = changed;
    const handle = await openEngine({ ...options, ...others }, otherClock, log);
    handle.ready.catch(() => {}); // whoever awaits `ready` sees it; nobody else is to be ended by it
    handles.push(handle);
    return handle;
  };
  const another = async (changed: EngineOptions = {}) => {
    const handle = await start(changed);
    await handle.ready;
    return handle;
  };
  const cleanup = async () => {
    await Promise.all(handles.map(handle => handle.close()));
    await remove({ ...options, host });
  };
  let storage = await another().catch(async error => {
    await cleanup();
    throw error;
  });
  return {
    get storage() {
      return storage;
    },
    clock,
    options,
    start,
    another,
    async reopen(specs = options.specs) {
      await storage.close();
      storage = await another({ specs });
      return storage;
    },
    cleanup,
  };
}

async function dropDatabase({ host, database }: OpenOptions): Promise<void> {
  const client = new MongoClient(host);
  try {
    await client.db(database).dropDatabase();
  } finally {
    await client.close();
  }
}
