import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { Config } from './config/options.ts';
import { planReload } from './config/reload.ts';
import type { Signals } from './signals.ts';

/** Milliseconds before a worker that died is replaced. */
const RESTART_PAUSE = 1_000;

/** Exit code of a worker that cannot start. */
export const CANNOT_START = 3;

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
}

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
  const stop = () => {
    stopping = true;
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
  };
  signals.onStop(stop);
  onUpdate(loaded => {
    current = planReload(current, loaded).config;
    for (const worker of listening) worker.send(loaded, () => {});
  });
  const fork = () => {
    const worker = cluster.fork({ [MARK]: '1' });
    worker.on('message', (said: typeof LISTENS | typeof READY) => {
      if (said === READY && ++answering === config.APP.workers) ready();
      if (said !== LISTENS) return;
      listening.add(worker);
      worker.send(current, () => {}); // if it is gone by now, it is replaced like any other
    });
  };
  for (let i = 0; i < config.APP.workers; i++) fork();

  return new Promise(resolve => {
    cluster.on('exit', (worker: Worker, exitCode: number, signal: string) => {
      listening.delete(worker);
      // Later it may be able to, and the others serve.
      if (exitCode === CANNOT_START && answering === 0 && !stopping) {
        code = 1;
        stop();
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
  const early: Config[] = [];
  let take = (loaded: Config): unknown => early.push(loaded);
  const first = new Promise<Config>(resolve => {
    process.once('message', (config: Config) => {
      resolve(config);
      process.on('message', (loaded: Config) => take(loaded));
    });
  });
  process.send?.(LISTENS);
  const config = await first;
  return {
    config,
    onUpdate(handler) {
      take = handler;
      for (const loaded of early) handler(loaded);
    },
    ready: () => process.send?.(READY),
  };
}
