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
  const started = clock.elapsed();
  const now = () => `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const answers = (work: Promise<void>) =>
    work.then(
      () => true,
      () => false,
    );

  /** What the fields are that the clients of all APIs look for, and whether the storage can be used. */
  async function look() {
    const [database, blobs] = await Promise.all([answers(storage.ping()), answers(storage.blobs.ping())]);
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
      database_reachable: database,
      blob_storage_writable: blobs,
      schema_version: SCHEMA_VERSION,
    };
    return { works: database && blobs, fields };
  }

  return [
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
          const message = works ? 'the storage is being prepared' : undefined;
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
}
