/** The metrics of several processes on one port, put together by the one that watches over them, which answers no requests. */

import cluster, { type Worker } from 'node:cluster';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config/options.ts';
import { listenForScrapes } from './listen.ts';
import { isAbout, type ToSupervisor, type ToWorker } from './messages.ts';
import { shared } from './open.ts';
import { merged, render, type Told, toldOf } from './render.ts';

/** Milliseconds that a worker has to tell what it counted; after that counts what it told last. */
const PATIENCE = 2_000;

/** Gathers from all workers, for scrapes at the own address and for workers that are asked. Throws `StartupError`. */
export async function superviseMetrics({ METRICS }: Config, log: Log): Promise<{ close(): Promise<void> }> {
  /** What each worker told last. */
  const latest = new Map<number, readonly Told[]>();
  /** What those have counted that have ended: what counts up must not go down. */
  let ended: readonly Told[] = [];
  const waiting = new Map<string, (told: readonly Told[]) => void>();
  let last = 0;

  const tell = (worker: Worker, message: ToWorker) => worker.send(message, () => {}); // it may just have ended
  const gather = shared(async () => {
    const id = ++last;
    const asked = Object.values(cluster.workers ?? {}).filter(worker => worker?.isConnected());
    const answers = asked.map(async (worker, i) => {
      if (worker === undefined) return;
      const place = `${worker.id} ${id}`;
      const answer = new Promise<readonly Told[]>(resolve => waiting.set(place, resolve));
      tell(worker, { collect: id, withStored: i === 0 });
      const told = await Promise.race([answer, pause(PATIENCE, undefined, { ref: false })]);
      waiting.delete(place);
      if (told !== undefined && !worker.isDead()) latest.set(worker.id, told);
    });
    await Promise.all(answers);
    return render(await merged([...latest.values(), ended]));
  });

  const hear = (worker: Worker, message: ToSupervisor) => {
    if (isAbout('collected', message) && 'families' in message) {
      const taken = waiting.get(`${worker.id} ${message.collected}`);
      return void toldOf(message.families).then(told => taken?.(told));
    }
    if (!isAbout('scrape', message)) return;
    const { scrape: scraped } = message;
    gather().then(
      text => tell(worker, { scraped, text }),
      err => {
        log.error({ err }, 'the metrics could not be told');
        tell(worker, { scraped, text: undefined });
      },
    );
  };
  const bury = async ({ id }: Worker) => {
    const told = latest.get(id)?.filter(({ type }) => type !== 'gauge');
    latest.delete(id);
    if (told !== undefined) ended = await merged([ended, told]);
  };
  cluster.on('message', hear);
  cluster.on('exit', bury);
  const server = METRICS.listen === '' ? undefined : await listenForScrapes(METRICS, gather, log);
  return {
    async close() {
      cluster.off('message', hear);
      cluster.off('exit', bury);
      await server?.close();
    },
  };
}
