import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { Source } from './config/source.ts';

/** Milliseconds before a worker that died is replaced. */
const RESTART_PAUSE = 1_000;

/** Exit code of a worker that cannot start: replacing it would not help. */
export const CANNOT_START = 3;

/** Environment variable of the processes that `superviseWorkers` starts: other programs may have workers of their own. */
const MARK = 'KEYBIN_WORKER';

/**
 * Runs `count` server processes on one port; replaces one that dies; passes SIGHUP on. Each gets the `flags`, which may hold a
 * password: by message, so that no list of processes shows it. Resolves with the exit code once all have ended: after SIGTERM
 * or SIGINT, or because one cannot start.
 */
export function superviseWorkers(count: number, flags: Source, log: Logger): Promise<number> {
  let stopping = false;
  let code = 0;
  const signalAll = (signal: NodeJS.Signals) => {
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal);
  };
  const stop = () => {
    stopping = true;
    signalAll('SIGTERM');
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  process.on('SIGHUP', () => signalAll('SIGHUP'));
  const fork = () => {
    const worker = cluster.fork({ [MARK]: '1' });
    // Its only message is that it listens; if it is gone by now, it is replaced like any other.
    worker.on('message', () => worker.send(flags, () => {}));
  };
  for (let i = 0; i < count; i++) fork();

  return new Promise(resolve => {
    cluster.on('exit', (worker: Worker, exitCode: number, signal: string) => {
      if (exitCode === CANNOT_START && !stopping) {
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

/** The flags that `superviseWorkers` sends to this process; undefined when it is not one of its processes. */
export async function flagsOfWorker(): Promise<Source | undefined> {
  if (!cluster.isWorker || process.env[MARK] === undefined) return undefined;
  delete process.env[MARK];
  const answer = once(process, 'message');
  process.send?.('flags'); // what is sent before this process listens is lost
  const [flags] = await answer;
  return flags;
}
