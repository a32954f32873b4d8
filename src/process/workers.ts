import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Config } from '../config/options.ts';
import { planReload } from '../config/reload.ts';
import type { Signals } from './signals.ts';

/** Milliseconds before a worker that died is replaced. */
const RESTART_PAUSE = 1_000;

/** Exit code of a worker that cannot start. */
export const CANNOT_START = 3;

/** Milliseconds that workers have to end when they are asked to for a second time. */
const LAST_PAUSE = 1_000;

/** Environment variable of the processes that `superviseWorkers` starts: other programs may have workers of their own. */
const MARK = 'KEYBIN_WORKER';

/** How a server process gets its configuration: a worker from the process that watches over it, any other from SIGHUP. */
export interface Supervised {
  /** What it starts with. */
  readonly config: Config;
  /** `take` gets each configuration that is loaded while the process runs. */
  onUpdate(take: (config: Config) => void): void;
  /** To be called when it can answer; with workers, when all of them can. */
  ready(): void;
  /** A worker's: `stop` is called for each request to stop that the process that watches over it was sent. */
  onStop?(stop: (reason: string) => void): void;
}

/** What a worker is told. */
type Told = { readonly config: Config } | { readonly stop: string };

/**
 * Runs as many server processes on one port as `config` says; replaces one that dies. What they work with comes from here, by
 * message, as it may hold a password: so all have the same, also one that is started while the files are not there.
 * Resolves with the exit code once all have ended: after a signal, or because none could ever start.
 */
export function superviseWorkers(
  config: Config,
  { onUpdate, ready }: Pick<Supervised, 'onUpdate' | 'ready'>,
  log: Logger,
  signals: Signals,
): Promise<number> {
  let current = config;
  let stopping = false;
  let answering = 0;
  let code = 0;
  const listening = new Set<Worker>();
  // Whoever is gone by now is replaced like any other.
  const tell = (worker: Worker, told: Told) => worker.send(told, () => {});
  const all = () => Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined);
  const stop = (reason: string) => {
    if (stopping) {
      setTimeout(() => {
        for (const worker of all()) worker.process.kill('SIGKILL');
      }, LAST_PAUSE).unref();
    }
    stopping = true;
    for (const worker of all()) {
      if (listening.has(worker)) tell(worker, { stop: reason });
      else worker.process.kill('SIGTERM');
    }
  };
  signals.onStop(stop);
  onUpdate(loaded => {
    current = planReload(current, loaded).config;
    for (const worker of listening) tell(worker, { config: loaded });
  });
  const fork = () => {
    const worker = cluster.fork({ [MARK]: '1' });
    worker.on('message', (said: typeof LISTENS | typeof READY) => {
      if (said === READY && ++answering === config.APP.workers) ready();
      if (said !== LISTENS) return;
      listening.add(worker);
      tell(worker, { config: current });
    });
  };
  for (let i = 0; i < config.APP.workers; i++) fork();

  return new Promise(resolve => {
    cluster.on('exit', (worker: Worker, exitCode: number, signal: string) => {
      listening.delete(worker);
      // Later it may be able to, and the others serve.
      if (exitCode === CANNOT_START && answering === 0 && !stopping) {
        code = 1;
        stop('no server process can start');
      }
      if (stopping) {
        if (Object.keys(cluster.workers ?? {}).length === 0) resolve(code);
        return;
      }
      log.error({ worker: worker.process.pid, code: exitCode, signal }, 'a server process died and is replaced');
      setTimeout(() => {
        if (!stopping) fork();
      }, RESTART_PAUSE);
    });
  });
}

/** What a worker says once it listens to messages: those sent before are lost. */
const LISTENS = 'listens';
const READY = 'ready';

/** The part of a process that `superviseWorkers` started; undefined when this is none. */
export async function workersPart(): Promise<Supervised | undefined> {
  if (!cluster.isWorker || process.env[MARK] === undefined) return undefined;
  delete process.env[MARK];
  const early: { readonly configs: Config[]; readonly stops: string[] } = { configs: [], stops: [] };
  let take = (loaded: Config): unknown => early.configs.push(loaded);
  let stop = (reason: string): unknown => early.stops.push(reason);
  const first = new Promise<Config>(resolve => {
    let begun = false;
    process.on('message', (told: Told) => {
      if ('stop' in told) stop(told.stop);
      if (!('config' in told)) return; // there is more that others in this process are told
      if (begun) take(told.config);
      else resolve(told.config);
      begun = true;
    });
  });
  process.send?.(LISTENS);
  const config = await first;
  endInOrder(() => stop('the process that watches over this one is gone'));
  return {
    config,
    onUpdate(handler) {
      take = handler;
      for (const loaded of early.configs) handler(loaded);
    },
    onStop(handler) {
      stop = handler;
      for (const reason of early.stops) handler(reason);
    },
    ready: () => {
      if (process.connected) process.send?.(READY);
    },
  };
}

/** Node would end a worker on the spot whose parent is gone; while it writes to LMDB that takes for ever: see `base/ending.ts`. */
function endInOrder(stop: () => void): void {
  cluster.worker?.once('disconnect', () => {
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true;
    stop();
  });
}
