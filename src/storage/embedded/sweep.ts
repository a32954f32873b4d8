import type { Log } from '../../base/log.ts';
import { type Portion, removeRange } from './apply.ts';
import type { Environment } from './environment.ts';
import { isDue, type Table } from './table.ts';

/** Milliseconds between two sweeps: expired documents are invisible at once, the sweep only frees their space. */
const PAUSE = 10_000;

/** What is removed in one transaction: small, so that requests are not held up. */
const PORTION: Portion = { documents: 200, bytes: 1024 * 1024 };

/** Removes expired documents in the background, but not while `readOnly`; returns the function that ends it, which waits for a running sweep. */
export function startSweeper(
  env: Environment,
  tables: readonly Table[],
  readOnly: () => boolean,
  log: Log,
): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    if (readOnly()) return;
    running = running
      .then(() => sweep(env, tables, () => stopped))
      .catch(error => log.warn({ err: error }, 'sweep failed'));
  }, PAUSE);
  timer.unref();
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}

async function sweep(env: Environment, tables: readonly Table[], stopped: () => boolean): Promise<void> {
  for (const table of tables) {
    if (table.expiry === undefined || table.spec.kept) continue;
    const now = env.now();
    const range = { index: table.expiry.name, below: new Date(now + 1) };
    let done = !isDue(table, now);
    while (!done && !stopped()) {
      ({ done } = await env.writer.write(() => removeRange(table, range, PORTION, env.now())));
    }
  }
}
