/** The shared history of events: it only ever grows. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Core } from '../../core/context.ts';
import { sha256Hex } from '../../core/ids.ts';
import { pagesOf } from '../../core/pages.ts';
import { ConflictError, StorageUnavailableError } from '../../errors.ts';
import type { Write } from '../../storage/port.ts';
import { bodiesSpec, type EventDoc, eventsSpec } from './collections.ts';
import type { SubmittedEvent } from './schema.ts';

/** Events read or looked up at a time. */
const PAGE = 1000;
/** Characters of a text that is kept with its event. */
const SHORT = 4096;
/** Characters of long texts that are read at a time, unless a single one is longer. */
const PORTION = 2_097_152;
/** How often a push is tried while others store the same events. */
const ATTEMPTS = 10;
/** Milliseconds. */
const LONGEST_PAUSE = 200;

/**
 * The JSON texts of all events from `from` on (Unix seconds), by timestamp, those of one second as they arrived; in portions
 * that are read when they are asked for.
 */
export async function* history(core: Core, from?: number): AsyncGenerator<string[]> {
  const events = core.storage.collection(eventsSpec);
  const range = { index: 'history', limit: PAGE, ...(from !== undefined && { from }) };
  for await (const page of pagesOf(after => events.scan({ ...range, ...after }))) {
    for (const portion of portionsOf(page)) yield textsOf(core, portion);
  }
}

/**
 * Stores the events that are not known by their uuid yet, all or none; of several with one uuid the first counts. They become
 * `userUuid`'s. Throws `StorageUnavailableError`, also when others store some of them all the while.
 */
export async function storeEvents(core: Core, userUuid: string, submitted: readonly SubmittedEvent[]): Promise<void> {
  const events = firstOfEach(submitted);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Two pushes that meet again and again would never end.
    if (attempt > 0) await pause(Math.random() * Math.min(10 * 2 ** attempt, LONGEST_PAUSE));
    for (const hash of await known(core, [...events.keys()])) events.delete(hash);
    if (events.size === 0) return;
    const last = await core.storage.increment('simple_sync_arrival', events.size);
    try {
      return await core.storage.commit(writesOf(events, userUuid, last - events.size + 1));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new StorageUnavailableError('others are storing the same events');
}

/** Long texts go first: an event must never be there without its own. */
function writesOf(events: ReadonlyMap<string, SubmittedEvent>, userUuid: string, firstArrival: number): Write[] {
  const bodies: Write[] = [];
  const inserts: Write[] = [];
  let arrival = firstArrival;
  for (const [hash, { uuid, timestamp, itemUuid, action, payload }] of events) {
    const body = JSON.stringify({ uuid, timestamp, userUuid, itemUuid, action, payload });
    const event: EventDoc = { hash, timestamp, arrival: arrival++, size: body.length };
    if (body.length <= SHORT) {
      event.body = body;
    } else {
      event.body_hash = sha256Hex(body);
      bodies.push({ in: bodiesSpec, put: { hash: event.body_hash, body } });
    }
    inserts.push({ in: eventsSpec, insert: event });
  }
  return [...bodies, ...inserts];
}

/** By their hashes, in the order of the list. */
function firstOfEach(submitted: readonly SubmittedEvent[]): Map<string, SubmittedEvent> {
  const events = new Map<string, SubmittedEvent>();
  for (const event of submitted) {
    // JSON tells lone surrogates apart, which UTF-8 does not.
    const hash = sha256Hex(JSON.stringify(event.uuid));
    if (!events.has(hash)) events.set(hash, event);
  }
  return events;
}

/** Those of the hashes whose events are stored. */
async function known(core: Core, hashes: readonly string[]): Promise<string[]> {
  const events = core.storage.collection(eventsSpec);
  const found: string[] = [];
  for (let start = 0; start < hashes.length; start += PAGE) {
    const docs = await events.getMany(hashes.slice(start, start + PAGE).map(hash => [hash]));
    for (const doc of docs) if (doc) found.push(doc.hash);
  }
  return found;
}

async function textsOf(core: Core, events: readonly EventDoc[]): Promise<string[]> {
  const long = events.flatMap(({ body_hash }) => body_hash ?? []);
  if (long.length === 0) return events.flatMap(({ body }) => body ?? []);
  const docs = await core.storage.collection(bodiesSpec).getMany(long.map(hash => [hash]));
  const bodies = new Map(docs.flatMap(doc => (doc ? [[doc.hash, doc.body]] : [])));
  return events.flatMap(({ body, body_hash = '' }) => body ?? bodies.get(body_hash) ?? []);
}

/** The page in parts, whose long texts are no more than may be read at a time. */
function* portionsOf(page: readonly EventDoc[]): Generator<EventDoc[]> {
  let portion: EventDoc[] = [];
  let size = 0;
  for (const event of page) {
    const added = event.body === undefined ? event.size : 0;
    if (size > 0 && size + added > PORTION) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(event);
    size += added;
  }
  yield portion;
}
