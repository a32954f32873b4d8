import { setTimeout as pause } from 'node:timers/promises';
import {
  type Document,
  MongoAPIError,
  MongoClient,
  type MongoClientOptions,
  MongoError,
  MongoParseError,
} from 'mongodb';
import { StartupError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { hasCode, isUnavailable } from './errors.ts';

/** Pause between two attempts to reach the server, and between two log lines about it, in milliseconds. */
const RETRY_MS = 1000;
const LOG_EVERY_MS = 10_000;

/**
 * These stand above what the connection string says. How long an operation may take is decided by the gate. A frozen server is
 * noticed within `connectTimeoutMS` and `heartbeatFrequencyMS` together, no sooner, lest a busy one lose all its connections;
 * then the driver ends what is under way, and keeps looking for a primary by itself.
 */
const OPTIONS: MongoClientOptions = {
  appName: 'keybin',
  serverSelectionTimeoutMS: 1500,
  connectTimeoutMS: 5000,
  heartbeatFrequencyMS: 1000,
  // The gate gives up sooner; but what it has given up must not wait in the driver for ever, and pile up there.
  waitQueueTimeoutMS: 5000,
  // Durable: what was answered survives the death of the primary, and nothing is read that may not.
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
  readPreference: 'primary',
  retryReads: true,
  retryWrites: true,
  ignoreUndefined: true,
  promoteBuffers: false,
};

/** Server error codes of an account that may not come in, or may not do this. */
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const ATLAS_ERROR = 8000;

/** Makes a client without connecting. Throws `StartupError`, without any credential, when `uri` is malformed. */
export function clientOf(uri: string): MongoClient {
  try {
    return new MongoClient(uri, OPTIONS);
  } catch (error) {
    const reason = error instanceof Error ? withoutCredentials(error.message, uri) : '';
    // No cause: an error about a malformed address may quote it.
    throw new StartupError(`[STORE] host is not a MongoDB connection string (mongodb://host:27017/): ${reason}`);
  }
}

function withoutCredentials(text: string, uri: string): string {
  const [, credentials = ''] = /\/\/([^/]*)@/.exec(uri) ?? [];
  const parts = [credentials, ...credentials.split(':')].filter(part => part !== '');
  return parts.reduce((clean, part) => clean.replaceAll(part, '***'), text);
}

/** What kind of deployment answered. */
export interface Topology {
  /** For the log: `replica set rs0`, `sharded cluster`, `standalone server`. */
  readonly name: string;
  /** Whether there are transactions. */
  readonly transactions: boolean;
}

/** Asks the server what it is. */
export async function topologyOf(client: MongoClient): Promise<Topology> {
  const hello: Document = await client.db('admin').command({ hello: 1 });
  if (hello.msg === 'isdbgrid') return { name: 'sharded cluster', transactions: true };
  if (hello.setName !== undefined) return { name: `replica set ${hello.setName}`, transactions: true };
  return { name: 'standalone server', transactions: false };
}

/**
 * Runs `work` until it succeeds, for as long as the server is merely unreachable. Throws `StartupError` when trying again is of
 * no use, and the reason of `signal` when that is aborted.
 */
export async function untilReachable<T>(work: () => Promise<T>, signal: AbortSignal, log: Log): Promise<T> {
  let loggedAt: number | undefined;
  for (;;) {
    try {
      const result = await work();
      if (loggedAt !== undefined) log.info({}, 'MongoDB answers again');
      return result;
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw permanent(error);
      if (loggedAt === undefined || performance.now() - loggedAt >= LOG_EVERY_MS) {
        log.warn({ reason: error instanceof Error ? error.message : '' }, 'MongoDB cannot be reached; trying again');
        loggedAt = performance.now();
      }
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function isPassing(error: unknown): boolean {
  return isUnavailable(error) && !hasCode(error, UNAUTHORIZED, AUTHENTICATION_FAILED);
}

function permanent(error: unknown): unknown {
  if (hasCode(error, AUTHENTICATION_FAILED, ATLAS_ERROR)) {
    return new StartupError('MongoDB refuses the user name or password in [STORE] host.', { cause: error });
  }
  if (hasCode(error, UNAUTHORIZED)) {
    return new StartupError('MongoDB: the user in [STORE] host needs the role readWrite on the database.', {
      cause: error,
    });
  }
  if (error instanceof MongoParseError || error instanceof MongoAPIError) {
    return new StartupError(`MongoDB cannot be used as [STORE] host says: ${error.message}`, { cause: error });
  }
  if (error instanceof MongoError || (error instanceof Error && 'syscall' in error)) {
    return new StartupError(`MongoDB refuses to start with this: ${error.message}`, { cause: error });
  }
  return error;
}
