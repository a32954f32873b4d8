/** One of several processes on a port: the one that watches over them puts together what all of them tell. */

import { setTimeout as pause } from 'node:timers/promises';
import { StorageUnavailableError } from '../../base/errors.ts';
import type { Family } from './family.ts';
import type { ToSupervisor, ToWorker } from './messages.ts';

/** Milliseconds that a scrape waits for all processes. */
const PATIENCE = 5_000;

/** Answers the process that watches over this one, and gives a function that asks it for the text of all. */
export function joinSupervisor(collect: (withStored: boolean) => Promise<Family[]>): () => Promise<string> {
  const waiting = new Map<number, (text: string | undefined) => void>();
  let last = 0;
  const tell = (message: ToSupervisor) => process.send?.(message, undefined, undefined, () => {}); // it may just have ended
  process.on('message', (message: ToWorker) => {
    if ('scraped' in message) return waiting.get(message.scraped)?.(message.text);
    if (!('collect' in message)) return;
    const { collect: collected, withStored } = message;
    collect(withStored).then(
      families => tell({ collected, families }),
      () => {}, // the others tell enough
    );
  });
  return async () => {
    const id = ++last;
    const done = new AbortController();
    const answer = new Promise<string | undefined>(resolve => waiting.set(id, resolve));
    tell({ scrape: id });
    const late = pause(PATIENCE, undefined, { signal: done.signal, ref: false }).catch(() => undefined);
    const text = await Promise.race([answer, late]);
    done.abort();
    waiting.delete(id);
    if (text === undefined) throw new StorageUnavailableError('the processes did not tell their metrics in time');
    return text;
  };
}
