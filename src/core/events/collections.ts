import type { CollectionSpec } from '../../storage/port.ts';

/**
 * An event of the shared history. It belongs to all members: unregistering its author leaves it. Once it was put into a segment
 * only its hash is here, so that nobody stores it again.
 */
export interface EventDoc {
  /** SHA-256 of the JSON text of the event's uuid, which may be any text. */
  hash: string;
  /** Where it stands in the history, see `history/places.ts`. */
  place?: string;
  /** Bytes of the event's JSON text, as it is sent. */
  size?: number;
  /** The text, unless it is long: a page of events is read at once, whatever clients put into them. */
  body?: string;
  /** The `hash` of a long text in `simple_sync_bodies`. */
  body_hash?: string;
}

/**
 * Some hundred events that follow one another, with their finished text: a history is read whole, again and again. Each names the next
 * one, and what is not named by another is in no history.
 */
export interface SegmentDoc {
  id: string;
  /** The place it begins at; absent until another one names it. That of the first one is ''. */
  start?: string;
  /** JSON text of a list: of each event the place, the bytes of its text, and if that is long its hash. */
  events: string;
  /** The texts that are not long, with commas between them. */
  text: Uint8Array;
  /** The place of its last event; '' when it has none. */
  last: string;
  /** How many of its texts are long, and not in it. */
  long: number;
  /** The `id` and the `start` of the next one. */
  next?: string;
  next_start?: string;
  /** Another one after each change, whoever made it. */
  version: string;
}

/** The text of a long event. */
export interface BodyDoc {
  /** SHA-256 of `body`. */
  hash: string;
  body: string;
}

/** A push of many events that is being stored: it is here from when it is accepted until all of them are in the history. */
export interface PushDoc {
  id: string;
  user_uuid: string;
  /** JSON text of the list of its events. */
  events: string;
}

export const eventsSpec: CollectionSpec<EventDoc> = {
  name: 'simple_sync_events',
  key: ['hash'],
  indexes: [{ name: 'loose', fields: ['place'] }],
};

export const segmentsSpec: CollectionSpec<SegmentDoc> = {
  name: 'simple_sync_segments',
  key: ['id'],
  indexes: [{ name: 'starts', fields: ['start'] }],
};

export const bodiesSpec: CollectionSpec<BodyDoc> = { name: 'simple_sync_bodies', key: ['hash'] };

export const pushesSpec: CollectionSpec<PushDoc> = { name: 'simple_sync_pushes', key: ['id'] };
