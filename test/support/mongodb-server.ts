/** Finds a MongoDB server for the tests, or starts one. */

import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient, MongoError } from 'mongodb';
import { MongoMemoryReplSet } from 'mongodb-memory-server';

/** What a server lets the tests prove. */
export interface MongoFeatures {
  /** Replica set or sharded cluster: commits are atomic. */
  readonly transactions: boolean;
  /** Removes expired documents by itself. */
  readonly ttl: boolean;
  /** Tells which index a query takes. */
  readonly explain: boolean;
  /** Answers an update that violates a unique index as it answers an insert: with code 11000. */
  readonly uniqueUpdates: boolean;
}

/** The server of this run, or why there is none. */
export type MongoServer =
  | ({ readonly uri: string; readonly version: string } & MongoFeatures)
  | { readonly missing: string };

/** A server and how to end it. */
export interface FoundServer {
  readonly server: MongoServer;
  stop(): Promise<unknown>;
}

/** A download may take this long without any news. */
const DOWNLOAD_SILENCE_MS = { first: 20_000, later: 60_000 };

/**
 * Takes, in this order: `MONGODB_URI` (throws if it cannot be used); `MONGOMS_SYSTEM_BINARY` or the first `mongod` on the
 * PATH; what mongodb-memory-server has in its cache or can download.
 */
export async function findMongo(env: NodeJS.ProcessEnv = process.env): Promise<FoundServer> {
  if (env.MONGODB_URI) {
    const server = await inspect(env.MONGODB_URI).catch(error => {
      throw new Error(`MONGODB_URI is set, but the server there cannot be used: ${messageOf(error)}`);
    });
    return { server, stop: async () => undefined };
  }
  const reasons: string[] = [];
  for (const locate of [installedMongod, cachedMongod]) {
    try {
      return await start(await locate(env));
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  return { server: { missing: `MONGODB_URI is not set; ${reasons.join('; ')}` }, stop: async () => undefined };
}

function messageOf(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}

async function inspect(uri: string): Promise<MongoServer> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    const admin = client.db('admin');
    const hello = await admin.command({ hello: 1 });
    const { version } = await admin.command({ buildInfo: 1 });
    const status = await admin.command({ serverStatus: 1 }).catch(() => ({ metrics: {} }));
    const plan = await client
      .db('test')
      .command({ explain: { find: 'none', filter: { a: 1 } }, verbosity: 'queryPlanner' })
      .catch(() => ({ queryPlanner: {} }));
    return {
      uri,
      version,
      transactions: hello.setName !== undefined || hello.msg === 'isdbgrid',
      ttl: status.metrics?.ttl !== undefined,
      explain: plan.queryPlanner?.winningPlan !== undefined,
      uniqueUpdates: (await violateByUpdate(client)) === 11000,
    };
  } finally {
    await client.close();
  }
}

/** Updates a document to a unique value that another one holds; returns the error code. */
async function violateByUpdate(client: MongoClient): Promise<unknown> {
  const probe = client.db(`keybin_test_probe_${process.pid}`);
  const documents = probe.collection('documents');
  try {
    await documents.createIndex({ value: 1 }, { unique: true });
    await documents.insertMany([{ value: 1 }, { value: 2 }]);
    await documents.updateOne({ value: 2 }, { $set: { value: 1 } });
    return undefined;
  } catch (error) {
    return error instanceof MongoError ? error.code : undefined;
  } finally {
    await probe.dropDatabase();
  }
}

/** `MONGOMS_SYSTEM_BINARY`, else the first `mongod` on the PATH. Throws when there is none. */
export async function installedMongod(env: NodeJS.ProcessEnv): Promise<string> {
  if (env.MONGOMS_SYSTEM_BINARY) return env.MONGOMS_SYSTEM_BINARY;
  const file = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  const candidates = (env.PATH ?? '').split(delimiter).map(folder => join(folder, file));
  const found = candidates.find(isExecutable);
  if (!found) throw new Error('no mongod on the PATH');
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function cachedMongod(env: NodeJS.ProcessEnv): Promise<string> {
  const script = fileURLToPath(new URL('find-mongod.mjs', import.meta.url));
  // Without npm's strict-ssl setting mongodb-memory-server does not check the certificate of what it downloads.
  const child = spawn(process.execPath, [script], {
    env: { npm_config_strict_ssl: 'true', ...env, MONGOMS_SYSTEM_BINARY: undefined },
  });
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    const giveUp = () => child.kill('SIGKILL');
    let timer = setTimeout(giveUp, DOWNLOAD_SILENCE_MS.first);
    child.stdout.on('data', chunk => {
      output += chunk;
      clearTimeout(timer);
      timer = setTimeout(giveUp, DOWNLOAD_SILENCE_MS.later);
    });
    child.stderr.on('data', chunk => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      const path = /^mongod (.+)$/m.exec(output)?.[1];
      if (path) resolve(path);
      else reject(new Error(`no mongod could be downloaded (${/^\w*Error\b.*$/m.exec(errors)?.[0] ?? 'no answer'})`));
    });
  });
}

/** One member is enough for transactions. */
async function start(systemBinary: string): Promise<FoundServer> {
  const set = await MongoMemoryReplSet.create({
    binary: { systemBinary },
    replSet: { count: 1, storageEngine: 'wiredTiger', args: ['--setParameter', 'ttlMonitorSleepSecs=1'] },
    instanceOpts: [{ launchTimeout: 60_000 }],
  }).catch(error => {
    throw new Error(`${systemBinary} did not start: ${messageOf(error)}`);
  });
  try {
    return { server: await inspect(set.getUri()), stop: () => set.stop() };
  } catch (error) {
    await set.stop();
    throw error;
  }
}
