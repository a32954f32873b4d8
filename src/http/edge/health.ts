import type { Clock } from '../../base/clock.ts';
import { AppError, StorageUnavailableError } from '../../base/errors.ts';
import type { Route } from '../routing.ts';

/** What can be asked whether it works; rejects with what is wrong. */
interface Pinged {
  ping(): Promise<void>;
}

/** What the health routes tell about. */
export interface HealthDeps {
  readonly storage: Pinged & { readonly blobs: Pinged };
  readonly schemaVersion: number;
  readonly clock: Clock;
  readonly version: string;
  readonly buildCommit: string;
  /** Whether everything that has to be in the storage was made. */
  readonly prepared: () => boolean;
  /** Whether nothing may be written for now. */
  readonly readOnly: () => boolean;
}

/** Milliseconds for which an answer of the storage counts: finding out costs a write and a flush, and anybody may ask. */
const FRESH = 1_000;

/** How the server is: without secrets, paths or host names. */
export interface HealthReport {
  /** Whether the storage can be used. */
  readonly works: boolean;
  /** What the fields are that the clients of all APIs look for; `fault` is a sentence for everybody. */
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

/** The health routes, and what they tell. */
export interface Health {
  look(): Promise<HealthReport>;
  readonly routes: readonly Route[];
}

/** `/livez`, `/readyz` and `/api/v1/health`, which are open (contracts, Health). */
export function createHealth({
  storage,
  schemaVersion,
  clock,
  version,
  buildCommit,
  prepared,
  readOnly,
}: HealthDeps): Health {
  const started = clock.elapsed();
  const now = () => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const storageState = shared(clock, async () => {
    const [database, blobs] = await Promise.all([faultOf(storage.ping()), faultOf(storage.blobs.ping())]);
    return { database, blobs, fault: database ?? blobs };
  });

  async function look(): Promise<HealthReport> {
    const { database, blobs, fault } = await storageState();
    const time = now();
    const uptime = Math.floor((clock.elapsed() - started) / 1000);
    const fields = {
      timestamp: time,
      time,
      server_time: time,
      version,
      uptime,
      uptime_seconds: uptime,
      build_commit: buildCommit,
      database_reachable: database === undefined,
      blob_storage_writable: blobs === undefined,
      schema_version: schemaVersion,
      read_only: readOnly(),
      ...(fault !== undefined && { fault }),
    };
    return { works: fault === undefined, fields };
  }

  const routes: Route[] = [
    {
      method: 'GET',
      kind: 'open',
      path: '/livez',
      handle: async ctx => {
        ctx.state.routine = true;
        ctx.body = { status: 'ok', server_time: now() };
      },
    },
    {
      method: 'GET',
      kind: 'open',
      path: '/readyz',
      handle: async ctx => {
        ctx.state.routine = true;
        const { works, fields } = await look();
        if (!works || !prepared()) {
          const message = works ? 'the storage is being prepared' : String(fields.fault);
          throw new StorageUnavailableError(message, { details: { status: 'degraded', ...fields } });
        }
        ctx.body = { status: 'ok', ...fields };
      },
    },
    {
      method: 'GET',
      kind: 'open',
      path: '/api/v1/health',
      handle: async ctx => {
        ctx.state.routine = true;
        const { works, fields } = await look();
        ctx.status = works ? 200 : 503;
        if (!works) ctx.set('Retry-After', '1');
        ctx.body = { status: works ? 'healthy' : 'degraded', ...fields };
      },
    },
  ];
  return { look, routes };
}

/** What is wrong, as a sentence for everybody: without paths, host names or secrets. */
async function faultOf(ping: Promise<void>): Promise<string | undefined> {
  try {
    await ping;
    return undefined;
  } catch (error) {
    return error instanceof AppError ? error.message : 'the storage does not work as it should; the log says more';
  }
}

/** Does the work for all who ask while it runs, and for those who ask within the second after it began. */
function shared<T>(clock: Clock, work: () => Promise<T>): () => Promise<T> {
  let latest: { began: number; running: boolean; result: Promise<T> } | undefined;
  return () => {
    const began = clock.elapsed();
    if (latest && (latest.running || began - latest.began < FRESH)) return latest.result;
    const current = { began, running: true, result: work() };
    latest = current;
    const end = () => {
      current.running = false;
    };
    current.result.then(end, end);
    return current.result;
  };
}
