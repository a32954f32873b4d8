import type { CollectionSpec } from '../storage/port.ts';

/** An account. `erasing_at` marks one that is being unregistered: nothing opens it any more. */
export interface AccountDoc {
  user_id: string;
  /** Absent once an unregistered account's data is gone: the name is free again, and so is `uuid`. */
  username?: string;
  /** bcrypt hash as in `passwords.ts`; absent: no password opens the account. */
  password?: string;
  created_at?: Date;
  erasing_at?: Date;
  blocked?: boolean;
  /** Made by the server's start only. */
  admin?: boolean;
  /** A member of the shared event history (simple-sync): made by an admin. */
  simple_sync?: boolean;
  /** The id others know the account by, where an admin chose one; else that is `user_id`. */
  uuid?: string;
}

/** A live bearer token; `hash` is the SHA-256 of the secret. `slot` is `c:<client_id>`: one live token per client. */
export interface TokenDoc {
  user_id: string;
  slot: string;
  hash: string;
  /** Only where the slot cannot hold the client id itself (it contains U+0000): then the slot is `h:<sha-256 of the id>`. */
  client_id?: string;
  created_at: Date;
  expires_at: Date;
}

/** A key and its value. One without `etag` was written by the original service: its `value` may be anything. */
export interface EntryDoc {
  user_id: string;
  key: string;
  value: unknown;
  /** Absent: `value` is the text itself; `json`: `value` is JSON text; `bytes`: `value` is binary. */
  encoding?: 'json' | 'bytes';
  content_type?: string;
  etag?: string;
  /** Bytes of `value`. */
  size?: number;
  created_at?: Date;
  updated_at?: Date;
  expires_at?: Date;
}

/** Attempts against one account from one address, or from one address: `taken` = failures + attempts in flight. */
export interface ThrottleDoc {
  /** SHA-256 of what is counted. */
  bucket: string;
  /** Random; another one after a success or when the time is over. */
  window: string;
  taken: number;
  failures: number;
  /** When `taken` last changed: attempts in flight that are older died with their process. */
  touched_at: Date;
  expires_at: Date;
}

export const accountsSpec: CollectionSpec<AccountDoc> = {
  name: 'users',
  key: ['user_id'],
  indexes: [
    { name: 'username', fields: ['username'], unique: true },
    { name: 'uuid', fields: ['uuid'], unique: true },
    { name: 'erasing', fields: ['erasing_at'] },
  ],
};

export const tokensSpec: CollectionSpec<TokenDoc> = {
  name: 'tokens',
  key: ['user_id', 'slot'],
  indexes: [{ name: 'hash', fields: ['hash'], unique: true, covering: true }],
  expires: 'expires_at',
  owner: 'user_id',
};

export const entriesSpec: CollectionSpec<EntryDoc> = {
  name: 'store',
  key: ['user_id', 'key'],
  indexes: [{ name: 'listing', fields: ['user_id', 'key'] }],
  expires: 'expires_at',
  owner: 'user_id',
};

export const throttleSpec: CollectionSpec<ThrottleDoc> = {
  name: 'throttle',
  key: ['bucket'],
  expires: 'expires_at',
};

/** The collections of the core. */
export const coreCollections = [accountsSpec, tokensSpec, entriesSpec, throttleSpec];
