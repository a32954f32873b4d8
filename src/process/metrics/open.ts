/** The metrics of a server process. Loaded only where they are on. */

import cluster from 'node:cluster';
import type { Application, Observer } from '../../app.ts';
import { UnauthorizedError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Config } from '../../config/options.ts';
import type { Core } from '../../core/context.ts';
import type { Storage } from '../../storage/port.ts';
import { countedFacts, storedFacts } from './facts.ts';
import type { Family } from './family.ts';
import { listenForScrapes } from './listen.ts';
import { lookAtMachine } from './machine.ts';
import { countOperations } from './operations.ts';
import { CONTENT_TYPE, prepareToRender, render, toldOf } from './render.ts';
import { countRequests } from './requests.ts';
import { opens } from './token.ts';
import { joinSupervisor } from './worker.ts';

/** What a process observes of itself. */
export interface Metrics {
  /** The same storage, observed. */
  observed(storage: Storage): Storage;
  readonly observer: Observer;
  /** To be called once both are there: until then nothing is told of them. */
  begin(core: Core, routes: Application['routes']): void;
  /** Gets ready for scrapes and listens on the own address, unless the process that watches over several does. Throws `StartupError`. */
  listen(log: Log): Promise<void>;
  close(): Promise<void>;
}

/** Begins to observe. */
export function openMetrics({ METRICS, STORE }: Config, version: string): Metrics {
  const requests = countRequests();
  const operations = countOperations();
  const machine = lookAtMachine(version, STORE.host.startsWith('file:') ? 'embedded' : 'mongodb');
  let begun: { core: Core; routes: Application['routes'] } | undefined;
  let server: { close(): Promise<void> } | undefined;
  const collect = async (withStored: boolean): Promise<Family[]> => {
    if (begun === undefined) return machine.families();
    const { core, routes } = begun;
    const stored = withStored ? await storedFacts(core) : [];
    return [
      ...machine.families(),
      ...countedFacts(core),
      ...requests.families(routes),
      ...operations.families(),
      ...stored,
    ];
  };
  const alone = shared(async () => render(await toldOf(await collect(true))));
  const scrape = cluster.isWorker ? joinSupervisor(collect) : alone;
  return {
    observed: storage => operations.observed(storage),
    observer: { observe: requests.observe, routes: METRICS.listen === '' ? [routeOf(METRICS.token, scrape)] : [] },
    begin(core, routes) {
      begun = { core, routes };
    },
    async listen(log) {
      if (cluster.isWorker) return;
      await prepareToRender();
      if (METRICS.listen !== '') server = await listenForScrapes(METRICS, scrape, log);
    },
    async close() {
      machine.close();
      await server?.close();
    },
  };
}

/** Whoever asks while it is being done gets what comes of that. */
export function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

function routeOf(token: string, scrape: () => Promise<string>): Observer['routes'][number] {
  return {
    method: 'GET',
    path: '/metrics',
    async handle(ctx) {
      if (!opens(token, ctx.get('Authorization'))) {
        throw new UnauthorizedError('the metrics are opened by the token of [METRICS] token');
      }
      ctx.state.routine = true;
      const text = await scrape();
      ctx.set('Cache-Control', 'no-store');
      ctx.type = CONTENT_TYPE;
      ctx.body = text;
    },
  };
}
