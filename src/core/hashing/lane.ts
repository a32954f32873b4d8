import type { Caller } from '../../base/caller.ts';
import { ServerBusyError } from '../../base/errors.ts';

/** Somebody who waits. */
export interface Waiter {
  readonly caller: Caller | undefined;
  /** What takes turns with others: `addressGroup` of the caller. */
  readonly group: string;
  readonly units: number;
  readonly registration: boolean;
  /** Never throws. */
  readonly work: () => Promise<void>;
  readonly refuse: (error: Error) => void;
  /** Ends the wait. */
  timer?: NodeJS.Timeout;
}

/** Who waits for the same, each group in the order of its calls, the groups in turn. */
export interface Lane {
  add(waiter: Waiter): void;
  /** The next one, who waits no more. */
  take(): Waiter | undefined;
  /** Refuses one, if he still waits. */
  drop(waiter: Waiter, error: Error): void;
  /** Refuses those whose client is gone. */
  dropGone(): void;
  dropAll(error: () => Error): void;
  /** How many of a group wait. */
  count(group: string): number;
  /** How much work waits. */
  units(): number;
  /** How much of it comes before a next one of this group. */
  unitsBefore(group: string): number;
}

/** An empty lane. */
export function createLane(): Lane {
  /** In the order of their turns. */
  const groups = new Map<string, Waiter[]>();
  let units = 0;

  function remove(waiter: Waiter): boolean {
    const waiters = groups.get(waiter.group) ?? [];
    const index = waiters.indexOf(waiter);
    if (index < 0) return false;
    waiters.splice(index, 1);
    if (waiters.length === 0) groups.delete(waiter.group);
    units -= waiter.units;
    return true;
  }

  function drop(waiter: Waiter, error: Error): void {
    if (!remove(waiter)) return;
    clearTimeout(waiter.timer);
    waiter.refuse(error);
  }

  const everybody = () => [...groups.values()].flat();

  return {
    add(waiter) {
      const waiters = groups.get(waiter.group);
      if (waiters) waiters.push(waiter);
      else groups.set(waiter.group, [waiter]);
      units += waiter.units;
    },

    take() {
      const [[group, waiters] = ['', []]] = groups;
      const [waiter] = waiters;
      if (waiter === undefined) return undefined;
      remove(waiter);
      // The others of the group come after all that wait now.
      if (groups.delete(group)) groups.set(group, waiters);
      return waiter;
    },

    drop,

    dropGone() {
      for (const waiter of everybody()) {
        if (waiter.caller?.gone?.()) drop(waiter, new ServerBusyError(1));
      }
    },

    dropAll(error) {
      for (const waiter of everybody()) drop(waiter, error());
    },

    count: group => groups.get(group)?.length ?? 0,
    units: () => units,

    unitsBefore(group) {
      const turns = (groups.get(group)?.length ?? 0) + 1;
      let before = 0;
      for (const [other, waiters] of groups) {
        const served = other === group ? waiters : waiters.slice(0, turns);
        for (const waiter of served) before += waiter.units;
      }
      return before;
    },
  };
}
