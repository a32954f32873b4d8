import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';

/** Milliseconds before a worker that died is replaced. */
const RESTART_PAUSE = 1_000;

/** Exit code of a worker that cannot start: replacing it would not help. */
export const CANNOT_START = 3;

/**
 * Runs `count` server processes on one port; replaces one that dies; passes SIGHUP on. Resolves with the exit code once all
 * have ended: after SIGTERM or SIGINT, or because one cannot start.
 */
export function superviseWorkers(count: number, log: Logger): Promise<number> {
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
  for (let i = 0; i < count; i++) cluster.fork();

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
      log.error({ pid: worker.process.pid, code: exitCode, signal }, 'a server process died and is replaced');
      setTimeout(() => {
        if (!stopping) cluster.fork();
      }, RESTART_PAUSE);
    });
  });
}
