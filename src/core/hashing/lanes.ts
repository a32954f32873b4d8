/**
 * Hashing is a shared good of dear price: who waits for it is served by lane and by address, so that neither many who register
 * nor one who asks often keep others from logging in.
 */

import type { Caller } from '../../base/caller.ts';
import { RateLimitedError, ServerBusyError } from '../../base/errors.ts';
import { addressGroup } from '../throttle/address.ts';
import { createLane, type Waiter } from './lane.ts';

/** What somebody waits for: to be let in, or to become somebody. */
export type LaneName = 'logins' | 'registrations';

/** One address has no more waiting in a lane. */
const MOST_OF_ADDRESS = 8;
/** Nobody waits longer, in milliseconds. */
const PATIENCE_MS = 5_000;
/** While logins wait, one of so many turns is that of a registration. */
const SHARE = 4;
/** Milliseconds that a unit of work (`2 ** cost` of bcrypt) takes before it was measured; and how far from that it may come. */
const UNIT_MS = 50 / 1024;
const SLOWEST = 20;
/** How much the newest measurement counts. */
const NEWEST = 0.2;

/** Work that waits for one of few threads. */
export interface Lanes {
  /**
   * Does the work in its turn. `units` says how much it is. Throws what the work throws; `RateLimitedError` when the address has
   * too many waiting; `ServerBusyError` when it would wait too long, when the client hung up before its turn, and after `drain`.
   */
  run<T>(lane: LaneName, caller: Caller | undefined, units: number, work: () => Promise<T>): Promise<T>;
  /** Refuses what waits, and what still comes. Resolves when nothing is under way any more. */
  drain(): Promise<void>;
}

/** The lanes of one process, to so many threads. */
export function createLanes(threads: number): Lanes {
  const own = createLane();
  const lanes = { logins: createLane(), registrations: createLane() };
  const running = new Set<Waiter>();
  /** With more than one thread, one is always for logins. */
  const mostRegistrations = Math.max(1, threads - 1);
  /** Logins that had their turn since the last registration. */
  let before = 0;
  let unitMs = UNIT_MS;
  let drained = false;
  let onIdle = () => {};

  function mayRegister(): boolean {
    return [...running].filter(({ registration }) => registration).length < mostRegistrations;
  }

  function next(): Waiter | undefined {
    if (own.units() > 0) return own.take();
    const registers = mayRegister() && lanes.registrations.units() > 0;
    if (lanes.logins.units() > 0 && !(registers && before >= SHARE - 1)) {
      before++;
      return lanes.logins.take();
    }
    if (!registers) return undefined;
    before = 0;
    return lanes.registrations.take();
  }

  function serve(): void {
    while (running.size < threads) {
      const waiter = next();
      if (waiter === undefined) break;
      clearTimeout(waiter.timer);
      if (waiter.caller?.gone?.()) waiter.refuse(new ServerBusyError(1));
      else void start(waiter);
    }
    if (running.size === 0) onIdle();
  }

  async function start(waiter: Waiter): Promise<void> {
    const since = performance.now();
    running.add(waiter);
    await waiter.work();
    running.delete(waiter);
    const measured = Math.min((performance.now() - since) / waiter.units, UNIT_MS * SLOWEST);
    unitMs += (measured - unitMs) * NEWEST;
    serve();
  }

  /** How long somebody of this group would wait, in milliseconds, about. */
  function wait(name: LaneName, group: string): number {
    const registers = name === 'registrations';
    if (running.size < threads && (!registers || mayRegister())) return 0;
    const mine = lanes[name].unitsBefore(group);
    const others = lanes[registers ? 'logins' : 'registrations'].units();
    const theirTurns = registers ? (mine + 1) * (SHARE - 1) : mine / (SHARE - 1);
    let ahead = own.units() + mine + Math.min(others, theirTurns);
    for (const { units } of running) ahead += units;
    return (ahead * unitMs) / (registers ? mostRegistrations : threads);
  }

  /** Throws when there is no room for one more of this group. */
  function demandRoom(name: LaneName, group: string): void {
    const full = () => lanes[name].count(group) >= MOST_OF_ADDRESS;
    const long = () => wait(name, group) > PATIENCE_MS;
    // Room that somebody takes who is gone is none taken.
    if (full() || long()) for (const lane of Object.values(lanes)) lane.dropGone();
    if (full()) throw new RateLimitedError(retryAfter(wait(name, group)));
    if (long()) throw new ServerBusyError(retryAfter(wait(name, group)));
  }

  return {
    async run<T>(name: LaneName, caller: Caller | undefined, units: number, work: () => Promise<T>): Promise<T> {
      if (drained) throw stopping();
      const group = caller === undefined ? '' : addressGroup(caller.address);
      if (caller !== undefined) demandRoom(name, group);
      const lane = caller === undefined ? own : lanes[name];
      return new Promise<T>((resolve, reject) => {
        const waiter: Waiter = {
          caller,
          group,
          units,
          registration: caller !== undefined && name === 'registrations',
          work: () => work().then(resolve, error => reject(drained ? stopping(error) : error)),
          refuse: reject,
        };
        if (caller !== undefined) {
          waiter.timer = setTimeout(() => lane.drop(waiter, new ServerBusyError(1)), PATIENCE_MS);
        }
        lane.add(waiter);
        serve();
      });
    },

    drain() {
      drained = true;
      for (const lane of [own, ...Object.values(lanes)]) lane.dropAll(() => stopping());
      return running.size === 0 ? Promise.resolve() : new Promise(resolve => (onIdle = resolve));
    },
  };
}

/** Nobody is kept waiting for the other end of a long queue by a server that is about to go. */
function stopping(cause?: unknown): ServerBusyError {
  return new ServerBusyError(1, { message: 'the server is stopping; try again', cause });
}

function retryAfter(ms: number): number {
  return Math.min(60, Math.max(1, Math.ceil(ms / 1000)));
}
