import type { Clock } from './core/clock.ts';
import { StorageUnavailableError } from './errors.ts';
import type { Route } from './middleware/routing.ts';
import type { Storage } from './storage/port.ts';
import { SCHEMA_VERSION } from './storage/schema.ts';

/** What the health routes tell about. */
export interface HealthDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly version: string;
  readonly buildCommit: string;
  /** Whether everything that has to be in the storage was made. */
  readonly prepared: () => boolean;
}

/** `/livez`, `/readyz` and `/api/v1/health`: open, without secrets, paths or host names (contracts, Health). */
export function healthRoutes({ storage, clock, version, buildCommit, prepared }: HealthDeps): Route[] {
  const started = clock.now();
  const answers = (work: Promise<void>) =>
    work.then(
      () => true,
      () => false,
    );

  return [
    {
      method: 'GET',
      path: '/livez',
      handle: async ctx => {
        ctx.body = { status: 'alive' };
      },
    },
    {
      method: 'GET',
      path: '/readyz',
      handle: async ctx => {
        await storage.ping();
        if (!prepared()) throw new StorageUnavailableError('the storage is being prepared');
        ctx.body = { status: 'ready' };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/health',
      handle: async ctx => {
        const [database, blobs] = await Promise.all([answers(storage.ping()), answers(storage.blobs.ping())]);
        const time = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
        const uptime = Math.floor((clock.now() - started) / 1000);
        ctx.status = database && blobs ? 200 : 503;
        ctx.body = {
          status: database && blobs ? 'healthy' : 'degraded',
          timestamp: time,
          time,
          server_time: time,
          version,
          uptime,
          uptime_seconds: uptime,
          build_commit: buildCommit,
          database_reachable: database,
          blob_storage_writable: blobs,
          schema_version: SCHEMA_VERSION,
        };
      },
    },
  ];
}
