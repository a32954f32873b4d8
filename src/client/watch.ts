/** Following changes for as long as one likes (v2.md, section 4). */

import { KeybinError } from './errors.ts';
import { eventsOf } from './events.ts';
import { backOff, pause } from './pause.ts';
import type { Transport } from './transport.ts';
import type { Change, Watched, WatchOptions } from './types.ts';
import { fromWire } from './wire.ts';

/** Milliseconds between two tries at most. */
const LONGEST_BACK_OFF = 30_000;

/** Milliseconds after which the server gives a sign of life at the latest. */
const BEAT = 15_000;

/** Changes that are remembered, so that none is told twice. */
const REMEMBERED = 1_000;

/** The iterator of {@link Keybin.watch}. */
export function watch(transport: Transport, options: WatchOptions): AsyncIterableIterator<Watched> {
  const own = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, own.signal]) : own.signal;
  const changes = follow(transport, { ...options, signal });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => changes.next(),
    // Also while a change is waited for.
    return() {
      own.abort();
      return changes.return();
    },
  };
}

type Wish = WatchOptions & { readonly signal: AbortSignal };

/** How far somebody has come. */
interface Place {
  cursor: string | undefined;
  /** Connections in a row that told nothing. */
  failures: number;
  /** Until the server was reached once, nobody knows whether it is there at all. */
  isReached: boolean;
  readonly told: Set<string>;
}

async function* follow(transport: Transport, wish: Wish): AsyncGenerator<Watched, void, undefined> {
  const { signal, since } = wish;
  const place: Place = { cursor: since, failures: 0, isReached: false, told: new Set() };
  for (; !signal.aborted; place.failures++) {
    let wait = 0;
    try {
      yield* connection(transport, wish, place);
    } catch (error) {
      if (signal.aborted) return;
      if (!place.isReached || !isPassing(error)) throw error;
      if (error instanceof KeybinError) wait = (error.retryAfter ?? 0) * 1000;
    }
    await pause(wait + backOff(place.failures, LONGEST_BACK_OFF), signal).catch(() => {});
  }
}

/** What one connection tells, until it ends. */
async function* connection(
  transport: Transport,
  { prefix, signal }: Wish,
  place: Place,
): AsyncGenerator<Watched, void> {
  const sent = { query: { prefix, since: place.cursor }, headers: { Accept: 'text/event-stream' }, signal };
  const { body } = await transport.send('GET', '/v2/changes', sent, response => response);
  if (body === null) return;
  place.isReached = true;
  let isFirst = true;
  for await (const { data, id } of eventsOf(body, transport.timeout + BEAT)) {
    if (signal.aborted) return;
    // Each stream begins with a cursor, also where something cuts all of them at once.
    if (!isFirst || data !== '') place.failures = 0;
    isFirst = false;
    place.cursor = id ?? place.cursor;
    transport.onUse?.();
    if (data === '') continue;
    const change = fromWire<Change>(JSON.parse(data));
    if (isNew(place.told, change)) yield { ...change, cursor: place.cursor ?? '' };
  }
}

function isNew(told: Set<string>, { type, key, etag, at }: Change): boolean {
  const name = `${type} ${key} ${etag ?? at?.getTime()}`;
  if (told.has(name)) return false;
  if (told.size === REMEMBERED) told.delete(told.values().next().value ?? '');
  told.add(name);
  return true;
}

/** Whether a later try may fare better. What is no `KeybinError` is a stream that broke off. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KeybinError)) return error instanceof TypeError;
  const { status } = error;
  return status === 0 || status === 429 || (status >= 500 && status !== 501);
}
