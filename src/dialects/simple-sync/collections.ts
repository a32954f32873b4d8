import type { CollectionSpec } from '../../storage/port.ts';

/** An event of the shared history. It belongs to all members: unregistering its author leaves it. */
export interface EventDoc {
  /** SHA-256 of the JSON text of the event's uuid, which may be any text. */
  hash: string;
  /** Unix seconds. */
  timestamp: number;
  /** Grows with every event stored: the order of those of one second. */
  arrival: number;
  /** Characters of the event's JSON text, as it is sent. */
  size: number;
  /** The text, unless it is long: a page of events is read at once, whatever clients put into them. */
  body?: string;
  /** The `hash` of a long text in `simple_sync_bodies`. */
  body_hash?: string;
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

/** The access rules: one document, `id` is `acl`. */
export interface AclDoc {
  id: string;
  /** JSON text of the list of rules. */
  rules: string;
}

export const eventsSpec: CollectionSpec<EventDoc> = {
  name: 'simple_sync_events',
  key: ['hash'],
  indexes: [{ name: 'history', fields: ['timestamp', 'arrival'] }],
};

export const bodiesSpec: CollectionSpec<BodyDoc> = { name: 'simple_sync_bodies', key: ['hash'] };

export const pushesSpec: CollectionSpec<PushDoc> = { name: 'simple_sync_pushes', key: ['id'] };

export const aclSpec: CollectionSpec<AclDoc> = { name: 'simple_sync_acl', key: ['id'] };
