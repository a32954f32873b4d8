/** Values, what is left of deleted ones, and what was answered to writes. */

import type { CollectionSpec } from '../../storage/port.ts';

/** A key and its value. One without `etag` was written by the original service: its `value` may be anything. */
export interface EntryDoc {
  user_id: string;
  key: string;
  /** Absent: it is a content of the blob store, see `blob`. */
  value?: unknown;
  /** SHA-256 of the content that is the value; a reference of the account in the scope `kv` keeps it. */
  blob?: string;
  /** Of `value`, or of the content that is the value. Absent: it is the text itself; `json`: it is JSON text; `bytes`: it is binary. */
  encoding?: 'json' | 'bytes';
  /** Absent: `text/plain; charset=utf-8` for a text, `application/json` for JSON. */
  content_type?: string;
  /** `Content-Encoding` as it was sent. */
  content_encoding?: string;
  /** `Keybin-Meta-*` as a JSON object of texts. */
  meta?: string;
  /** Another one after every write; without quotes. */
  etag?: string;
  /** Bytes of the value. */
  size?: number;
  created_at?: Date;
  updated_at?: Date;
  expires_at?: Date;
  /** The engine's, for those who follow. */
  stamp?: number;
}

/** That a key had an entry: for those who follow the changes of the account. */
export interface TombstoneDoc {
  user_id: string;
  key: string;
  type: 'delete' | 'expire';
  at: Date;
  /** 1: what marks count for where the room of an account is limited. */
  mark: number;
  /** Bytes it counts for. */
  size: number;
  expires_at: Date;
  /** The engine's, for those who follow. */
  stamp?: number;
}

/** The answer to a request that is not to be done twice; written in the commit of what the request did. */
export interface IdempotencyDoc {
  user_id: string;
  /** SHA-256 of method, path and `Idempotency-Key`. */
  request: string;
  /** SHA-256 of all of the request that matters: another one under the same key is refused. */
  fingerprint: string;
  status: number;
  /** The headers that belong to the answer, as a JSON object; and its body. */
  headers: string;
  body: string;
  /** Bytes it counts for; and 1: what marks count for where the room of an account is limited. */
  size: number;
  mark: number;
  expires_at: Date;
}

export const entriesSpec: CollectionSpec<EntryDoc> = {
  name: 'store',
  key: ['user_id', 'key'],
  indexes: [
    {
      name: 'listing',
      fields: ['user_id', 'key'],
      // All that lists and the deletion of many need; `encoding` tells what a value without a type is.
      include: ['size', 'etag', 'content_type', 'encoding', 'blob', 'updated_at'],
    },
  ],
  expires: 'expires_at',
  kept: true,
  owner: 'user_id',
  charge: { index: 'listing', bytes: 'size' },
  told: { stamp: 'stamp', fields: ['etag', 'updated_at'] },
};

export const tombstonesSpec: CollectionSpec<TombstoneDoc> = {
  name: 'tombstones',
  key: ['user_id', 'key'],
  indexes: [{ name: 'room', fields: ['user_id'], include: ['size', 'mark'] }],
  expires: 'expires_at',
  owner: 'user_id',
  charge: { index: 'room', bytes: 'size', marks: 'mark' },
  told: { stamp: 'stamp', fields: ['type', 'at'] },
};

export const idempotencySpec: CollectionSpec<IdempotencyDoc> = {
  name: 'idempotency',
  key: ['user_id', 'request'],
  indexes: [{ name: 'room', fields: ['user_id'], include: ['size', 'mark'] }],
  expires: 'expires_at',
  owner: 'user_id',
  charge: { index: 'room', bytes: 'size', marks: 'mark' },
};
