/** Adding to the shared history. */

import { setTimeout as pause } from 'node:timers/promises';
import { ConflictError, StorageUnavailableError } from '../../../base/errors.ts';
import { parseOwnJson } from '../../../base/json/parse.ts';
import { eachInSlices, inSlices, mapInSlices } from '../../../base/slices.ts';
import type { Write } from '../../../storage/port.ts';
import type { Core } from '../../context.ts';
import { newId, sha256Hex } from '../../ids.ts';
import { pagesOf } from '../../pages.ts';
import { bodiesSpec, type EventDoc, eventsSpec, type PushDoc, pushesSpec } from '../collections.ts';
import type { SubmittedEvent } from '../event.ts';
import { placeOf } from './places.ts';

/** Events stored at a time: an engine stores what belongs together without a break, and others wait for it. */
const PORTION = 500;
/** Characters of a text that is kept with its event. */
const SHORT = 4096;
/** How often a portion is tried while others store the same events. */
const ATTEMPTS = 10;
/** Milliseconds. */
const LONGEST_PAUSE = 200;

/** Events by their hashes, in the order of their list. */
type Hashed = readonly (readonly [hash: string, event: SubmittedEvent])[];

/**
 * Stores the events that are not known by their uuid yet, all or none; of several with one uuid the first counts. They become
 * `userUuid`'s. Many are written down as a whole first, then stored portion by portion, and others may see some before all are
 * there: what a process that dies leaves undone, `finishPushes` does. Throws `StorageUnavailableError`, also when others store
 * some of them all the while.
 */
export async function storeEvents(core: Core, userUuid: string, submitted: readonly SubmittedEvent[]): Promise<void> {
  const given = await firstOfEach(submitted);
  if (given.length <= PORTION) return storePortion(core, userUuid, given);
  const events = await unknownOf(core, given);
  if (events.length <= PORTION) return storePortion(core, userUuid, events);
  const texts = await mapInSlices(events, ([, event]) => JSON.stringify(event));
  const push: PushDoc = { id: newId(), user_uuid: userUuid, events: `[${texts.join()}]` };
  await core.storage.collection(pushesSpec).insert(push);
  await finish(core, push, events);
}

/** Stores what pushes have left that were accepted and broke off. May run anywhere, any time. */
export async function finishPushes(core: Core): Promise<void> {
  const pushes = core.storage.collection(pushesSpec);
  for await (const page of pagesOf(after => pushes.scan({ limit: 1, ...after }))) {
    for (const push of page) {
      const events = (await parseOwnJson(push.events)) as SubmittedEvent[];
      await finish(core, push, await firstOfEach(events));
    }
  }
}

async function finish(core: Core, { id, user_uuid }: PushDoc, events: Hashed): Promise<void> {
  for (let at = 0; at < events.length; at += PORTION) {
    await storePortion(core, user_uuid, events.slice(at, at + PORTION));
  }
  await core.storage.collection(pushesSpec).delete([id]);
}

async function storePortion(core: Core, userUuid: string, portion: Hashed): Promise<void> {
  let events = portion;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Two pushes that meet again and again would never end.
    if (attempt > 0) await pause(Math.random() * Math.min(10 * 2 ** attempt, LONGEST_PAUSE));
    events = await unknownOf(core, events);
    if (events.length === 0) return;
    const last = await core.storage.increment('simple_sync_arrival', events.length);
    try {
      return await core.storage.commit(writesOf(events, userUuid, last - events.length + 1));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new StorageUnavailableError('others are storing the same events');
}

/** Long texts go first: an event must never be there without its own. */
function writesOf(events: Hashed, userUuid: string, firstArrival: number): Write[] {
  const bodies: Write[] = [];
  const inserts: Write[] = [];
  let arrival = firstArrival;
  for (const [hash, { uuid, timestamp, itemUuid, action, payload }] of events) {
    const body = JSON.stringify({ uuid, timestamp, userUuid, itemUuid, action, payload });
    const event: EventDoc = { hash, place: placeOf(timestamp, arrival++), size: Buffer.byteLength(body) };
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

async function firstOfEach(submitted: readonly SubmittedEvent[]): Promise<Hashed> {
  const events = new Map<string, SubmittedEvent>();
  await eachInSlices(submitted, event => {
    // JSON tells lone surrogates apart, which UTF-8 does not.
    const hash = sha256Hex(JSON.stringify(event.uuid));
    if (!events.has(hash)) events.set(hash, event);
  });
  return [...events];
}

/** Those of the events that are not stored. */
async function unknownOf(core: Core, events: Hashed): Promise<Hashed> {
  const stored = core.storage.collection(eventsSpec);
  const slices = inSlices();
  const unknown: Hashed[number][] = [];
  for (let at = 0; at < events.length; at += PORTION) {
    const portion = events.slice(at, at + PORTION);
    const docs = await stored.getMany(portion.map(([hash]) => [hash]));
    for (const [i, event] of portion.entries()) if (!docs[i]) unknown.push(event);
    if (slices.over()) await slices.pause();
  }
  return unknown;
}
