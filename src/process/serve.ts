import cluster from 'node:cluster';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createApp } from '../app.ts';
import { systemClock } from '../base/clock.ts';
import { StartupError } from '../base/errors.ts';
import type { Config } from '../config/options.ts';
import { planReload } from '../config/reload.ts';
import { renderEffective } from '../config/render/render.ts';
import { isObserved } from '../config/sections/metrics.ts';
import type { Core } from '../core/context.ts';
import { pluginStore } from '../core/plugins/store.ts';
import { assemble } from './assemble.ts';
import { listen } from './listen.ts';
import { levelOf } from './output.ts';
import { loadPlugins } from './plugins.ts';
import { beginRounds } from './rounds.ts';

/**
 * How long a stop waits for work in the background, such as mails under way, in milliseconds: within a time that is counted from
 * its beginning, but for a moment in any case. What is left goes on after the next start.
 */
const BACKGROUND_GRACE = { atMost: 8_000, until: 18_500, atLeast: 500 };

/** Milliseconds between two attempts to prepare the storage. */
const PREPARE_PAUSE = 1_000;

/**
 * How long one of several processes prepares before it takes requests, ready or not, in milliseconds: the others answer those until
 * then, and it would answer 503.
 */
const ALONE_AFTER = 3_000;

/** A server process at work. */
export interface Serving {
  /** Rejects when the storage can never be used (`StartupError`). */
  readonly ready: Promise<void>;
  /** Takes over what may change while running; logs what waits for a restart. */
  reload(config: Config): void;
  /** Finishes what runs, closes the storage. */
  stop(): Promise<void>;
}

/** What a server process starts with. */
export interface ServeOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly version: string;
  readonly buildCommit: string;
}

/**
 * Listens and serves. The storage opens meanwhile, and until it answers requests get 503; one of several processes waits for it
 * a while before it listens. Throws `StartupError`.
 */
export async function serve({ config, log, version, buildCommit }: ServeOptions): Promise<Serving> {
  let current = config;
  const metrics = isObserved(config) ? (await import('./metrics/open.ts')).openMetrics(config, version) : undefined;
  const core = await assemble(() => current, systemClock, log, metrics?.observed);
  const stopping = new AbortController();
  const release = async (begun = performance.now()) => {
    stopping.abort();
    const { atMost, until, atLeast } = BACKGROUND_GRACE;
    const grace = Math.max(atLeast, Math.min(atMost, begun + until - performance.now()));
    await Promise.race([core.background.idle(), pause(grace, undefined, { ref: false })]);
    await core.plugins.close();
    await core.passwords.close();
    await core.storage.close();
    await metrics?.close();
  };
  await loadPlugins(config, core.plugins, { log, store: plugin => pluginStore(core, plugin) }).catch(async error => {
    await release();
    throw error;
  });
  const app = createApp({
    config: () => current,
    core,
    log,
    version,
    buildCommit,
    shownConfig: () => renderEffective(current),
    observer: metrics?.observer,
  });
  metrics?.begin(core, app.routes);
  await metrics?.listen(log).catch(async error => {
    await release();
    throw error;
  });
  const prepare = () => untilDone(app.prepare, core, stopping.signal);
  const prepared = core.storage.ready.then(prepare);
  const settled = prepared.catch(() => {}); // `ready` tells it
  if (cluster.isWorker) await Promise.race([settled, pause(ALONE_AFTER, undefined, { ref: false })]);
  const limit = { connections: config.LIMITS.connections, log };
  const server = await listen(app.koa.callback(), config.APP.host, config.APP.port, limit).catch(async error => {
    await release();
    throw error;
  });
  log.info({ version, url: server.url }, `keybin ${version} listens on ${server.url}`);
  const { token_expiration } = current.STORE;
  log.info({ engine: core.storage.description }, `data: ${core.storage.description}`);
  log.info({ token_expiration }, `tokens live for ${token_expiration} s`);
  const ready = prepared.then(() => {
    if (stopping.signal.aborted) return;
    log.info({ engine: core.storage.description }, 'ready');
    if (core.settings.readOnly()) log.warn({}, 'nothing is written: [APP] read_only');
    beginRounds({ app, core, log, stopping: stopping.signal });
  });

  return {
    ready,
    reload(loaded) {
      const { config: next, changed, waiting } = planReload(current, loaded);
      current = next;
      log.level = levelOf(next);
      log.info(
        { changed, waiting },
        waiting.length > 0 ? 'configuration read again; some of it waits for a restart' : 'configuration read again',
      );
      if (current.PLUGINS.modules.length > 0)
        log.info({}, 'plugins are loaded at the start only: restart the server for changed code');
      ready.then(prepare).catch(error => log.error({ err: error }, 'what was read cannot be applied in full'));
    },
    async stop() {
      const begun = performance.now();
      const hashed = core.passwords.close(); // what waits for a hash is answered at once
      app.endStreams();
      await server.stop();
      await hashed;
      await release(begun);
    },
  };
}

/** Tries until it works or the server stops. Throws `StartupError`: that cannot get better by waiting. */
async function untilDone(work: () => Promise<void>, { log }: Core, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof StartupError || signal.aborted) throw error;
      log.warn({ err: error }, 'preparing the storage failed; it is tried again');
    }
    await pause(PREPARE_PAUSE, undefined, { signal, ref: false }).catch(() => {});
  }
}
