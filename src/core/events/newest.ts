/** The shared history as people look through it: the newest event first, in pages. */

import { InvalidInputError, NotFoundError } from '../../base/errors.ts';
import { inSlices } from '../../base/slices.ts';
import type { Page } from '../../storage/port.ts';
import { accountsSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { bodiesSpec } from './collections.ts';
import type { StoredEvent } from './event.ts';
import { eventAt, stretchesBefore } from './history/back.ts';
import type { Placed } from './history/places.ts';

/** An event at its place in the history. */
export interface EventView extends StoredEvent {
  readonly place: string;
}

/** Which events are asked for: those that have all these values. */
export interface EventFilter {
  /** The id that others know an account by. */
  readonly user?: string | undefined;
  readonly item?: string | undefined;
  readonly action?: string | undefined;
}

/** A page of what is asked for. `cursor` is the `next` of the page before. */
export interface EventQuery extends EventFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Events that are gone through for one page. */
const LOOKED_AT = 200_000;
/** About what it costs to look at a segment and pass over it, in events. */
const PASSED_OVER = 50;
/** Bytes of long texts that are read for one page. */
const LONG_BYTES = 8_388_608;

const PLACE = /^\d{28}$/;

/**
 * A page of the history, the newest first. It may be short or empty though more follows: no more than 200,000 events, and 8 MiB of long ones, are
 * gone through for one. Throws `InvalidInputError` (code `cursor_invalid`).
 */
export async function newestEvents(core: Core, { limit, cursor, ...filter }: EventQuery): Promise<Page<EventView>> {
  if (cursor !== undefined && !PLACE.test(cursor)) {
    throw new InvalidInputError('cursor: not one that this server gave out', { code: 'cursor_invalid' });
  }
  const items: EventView[] = [];
  let seen = 0;
  let long = 0;
  for await (const { place, events, bytes, view } of walk(core, filter, cursor)) {
    // One more than the page has tells whether something follows.
    if (view !== undefined && items.length === limit) return { items, next: items.at(-1)?.place ?? place };
    if (view !== undefined) items.push(view);
    seen += events;
    long += bytes;
    if (seen >= LOOKED_AT || long >= LONG_BYTES) return { items, next: place };
  }
  return { items };
}

/** The event at a place. Throws `NotFoundError` (code `event_not_found`). */
export async function readEvent(core: Core, place: string): Promise<EventView> {
  const event = PLACE.test(place) ? await eventAt(core, place) : undefined;
  const view = event && (await viewOf(core, event));
  if (view === undefined) throw new NotFoundError('there is no such event', { code: 'event_not_found' });
  return view;
}

/** All events that an account has written, the newest first; read as they are asked for. */
export async function* eventsOf(core: Core, accountId: string): AsyncGenerator<EventView> {
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  for await (const { view } of walk(core, { user: account?.uuid ?? accountId })) if (view !== undefined) yield view;
}

/** A step back in the history: an event, or some that were passed over. */
interface Step {
  /** All from here on was gone through. */
  readonly place: string;
  /** About how many events it was worth, and how many bytes of long ones. */
  readonly events: number;
  readonly bytes: number;
  /** An event that is asked for. */
  readonly view?: EventView | undefined;
}

/** Goes through the history in slices. What cannot be there for its bytes is not parsed, and whole segments are passed over for theirs. */
async function* walk(core: Core, filter: EventFilter, before?: string): AsyncGenerator<Step> {
  const needles = needlesOf(filter);
  const mayHave = (text: Uint8Array) => needles.every(needle => bytesOf(text).includes(needle));
  const slices = inSlices();
  const stretches = stretchesBefore(core, before, ({ text, long }) => long > 0 || mayHave(text));
  for await (const { from, events } of stretches) {
    for (const event of events) {
      const { place, size, text } = event;
      const view = text === undefined || mayHave(text) ? await viewOf(core, event) : undefined;
      yield { place, events: 1, bytes: text === undefined ? size : 0, view: askedFor(view, filter) };
      if (slices.over()) await slices.pause();
    }
    if (from !== '') yield { place: from, events: PASSED_OVER, bytes: 0 };
  }
}

/** How the values stand in the texts of events, see `history/store.ts`. */
function needlesOf({ user, item, action }: EventFilter): Buffer[] {
  return Object.entries({ userUuid: user, itemUuid: item, action }).flatMap(([field, value]) =>
    value === undefined ? [] : [Buffer.from(`"${field}":${JSON.stringify(value)}`)],
  );
}

async function viewOf(core: Core, { place, text, body_hash = '' }: Placed): Promise<EventView | undefined> {
  const bodies = core.storage.collection(bodiesSpec);
  const body = text === undefined ? (await bodies.get([body_hash]))?.body : bytesOf(text).toString();
  return body === undefined ? undefined : { ...(JSON.parse(body) as StoredEvent), place };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The event, if it has the values. */
function askedFor(event: EventView | undefined, { user, item, action }: EventFilter): EventView | undefined {
  const fits = (value: string | undefined, asked: string | undefined) => asked === undefined || value === asked;
  if (!fits(event?.userUuid, user) || !fits(event?.itemUuid, item)) return undefined;
  return fits(event?.action, action) ? event : undefined;
}
