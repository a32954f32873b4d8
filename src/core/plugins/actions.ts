import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import { within } from './within.ts';

/** Most actions that wait; then the oldest is dropped. */
const MOST_WAITING = 1_000;
/** Milliseconds after which an action is no longer waited for, so that others of its account have their turn. */
const ACTION_MS = 60_000;

/** Whose action it is, for the log. */
export interface ActionLabel {
  readonly plugin: string;
  readonly hook: string;
  readonly request?: string | undefined;
}

interface Waiting extends ActionLabel {
  readonly run: () => Promise<unknown>;
}

/** Actions in the background: those of one account in order, those of different accounts side by side. Best effort. */
export interface ActionQueue {
  put(accountId: string, label: ActionLabel, run: () => Promise<unknown>): void;
  /** Resolves when nothing is left, or after so many milliseconds; what waits then is dropped. */
  drain(milliseconds: number): Promise<void>;
}

/** The queue of one process. */
export function createActionQueue(log: Log): ActionQueue {
  /** By account; a set keeps the order in which accounts came. */
  const waiting = new Map<string, Waiting[]>();
  const busy = new Map<string, Promise<void>>();
  const order: { accountId: string; item: Waiting }[] = [];
  let count = 0;

  function dropOldest(): void {
    for (;;) {
      const oldest = order.shift();
      if (oldest === undefined) return;
      const line = waiting.get(oldest.accountId);
      const at = line?.indexOf(oldest.item) ?? -1;
      if (line === undefined || at < 0) continue; // it had its turn
      line.splice(at, 1);
      count--;
      const { plugin, hook, request } = oldest.item;
      log.warn({ plugin, hook, request }, `an action of plugin ${plugin} was dropped: ${MOST_WAITING} others wait`);
      return;
    }
  }

  async function work(accountId: string): Promise<void> {
    for (;;) {
      const next = waiting.get(accountId)?.shift();
      if (next === undefined) break;
      count--;
      const { plugin, hook, request } = next;
      const late = new AbortController();
      const tooLate = pause(ACTION_MS, undefined, { signal: late.signal, ref: false }).then(
        () => Promise.reject(new Error(`it took more than ${ACTION_MS / 1000} s`)),
        () => {},
      );
      await Promise.race([next.run(), tooLate]).catch(err =>
        log.error({ err, plugin, hook, request }, `an action of plugin ${plugin} failed`),
      );
      late.abort();
      if (order.length > 2 * MOST_WAITING) order.splice(0, order.length, ...order.filter(isWaiting));
    }
    waiting.delete(accountId);
    busy.delete(accountId);
  }

  const isWaiting = ({ accountId, item }: (typeof order)[number]) => waiting.get(accountId)?.includes(item) ?? false;

  return {
    put(accountId, label, run) {
      if (count >= MOST_WAITING) dropOldest();
      const item = { ...label, run };
      waiting.set(accountId, [...(waiting.get(accountId) ?? []), item]);
      order.push({ accountId, item });
      count++;
      if (!busy.has(accountId))
        busy.set(
          accountId,
          Promise.resolve().then(() => work(accountId)),
        );
    },
    async drain(milliseconds) {
      const idle = async () => {
        while (busy.size > 0) await Promise.all(busy.values());
      };
      if (await within(milliseconds, idle())) return;
      log.warn({ waiting: count }, 'actions of plugins were not done in time and are dropped');
      waiting.clear();
    },
  };
}
