import type { CollectionSpec } from '../storage/port.ts';
import { oneTimeSecretsSpec } from './access/one-time-secrets.ts';
import { devicesSpec } from './devices/devices.ts';
import { configsSpec, filesSpec } from './dotfiles/collection.ts';
import { entriesSpec, idempotencySpec, tombstonesSpec } from './entries/collections.ts';
import { bodiesSpec, eventsSpec, pushesSpec, segmentsSpec } from './events/collections.ts';
import { aclSpec } from './members/collection.ts';
import { pluginEntriesSpec } from './plugins/store.ts';
import { punchesSpec } from './punches/collection.ts';
import { stretchesSpec } from './punches/stretches.ts';
import { vaultsSpec } from './vaults/vaults.ts';

export type { EntryDoc, IdempotencyDoc, TombstoneDoc } from './entries/collections.ts';
export { entriesSpec, idempotencySpec, tombstonesSpec };

/** An account. `erasing_at` marks one that is being unregistered: nothing opens it any more. */
export interface AccountDoc {
  user_id: string;
  /** Absent once an unregistered account's data is gone: the name is free again, and so is `uuid`. */
  username?: string;
  /** bcrypt hash as in `passwords.ts`; absent: no password opens the account. */
  password?: string;
  /** How often another password was set; absent: never. */
  password_version?: number;
  /** When that was last; hashing the same password anew is no change. */
  password_changed_at?: Date;
  created_at?: Date;
  erasing_at?: Date;
  /** Absent: the account is not blocked. */
  blocked_at?: Date;
  /** Made by the server's start only. */
  admin?: boolean;
  /** A member of the shared event history (simple-sync): made by an admin. */
  simple_sync?: boolean;
  /** The id others know the account by, where an admin chose one; else that is `user_id`. */
  uuid?: string;
  /** In the one form that `emailOf` gives. */
  email?: string;
  /** One that takes the place of `email` once its link was opened; until then it is for nothing. */
  new_email?: string;
  /** Since when the e-mail waits for its confirmation: until then the account gets no credential. Absent: it does not wait. */
  unconfirmed_at?: Date;
  /** When somebody last logged in. */
  last_seen?: Date;
}

/** A live bearer token; `hash` is the SHA-256 of the secret. `slot` is `c:<client_id>`: one live token per client. */
export interface TokenDoc {
  user_id: string;
  slot: string;
  hash: string;
  /**
   * Where the slot cannot hold the client id itself (it contains U+0000): then the slot is `h:<sha-256 of the id>`. Of a token of v2:
   * for which client it was made, if its maker said so.
   */
  client_id?: string;
  created_at: Date;
  expires_at: Date;
  /** Of a token of v2, whose `slot` is `v:<id>`; absent: one of the original API, which may do everything. */
  scopes?: readonly string[];
  /** What people call it. */
  name?: string;
  /** `hash` of the token it was made with; absent: it was made with a password. */
  parent?: string;
  /** How often it can still be used; absent: any number of times. */
  uses_left?: number;
  /** True to a minute. */
  last_used_at?: Date;
}

/** A session of a person at a browser, or of a program that logged in as one; `hash` is the SHA-256 of its token. */
export interface SessionDoc {
  user_id: string;
  hash: string;
  /** The pages it opens: neither scope opens the other's. */
  scope: 'user' | 'admin';
  /** SHA-256 of the CSRF token that changes need; absent: the session can change nothing. */
  csrf_hash?: string;
  created_at: Date;
  expires_at: Date;
}

/** What a link in a mail carries; `hash` is the SHA-256 of its token. */
export interface MailTokenDoc {
  user_id: string;
  hash: string;
  purpose: 'confirm' | 'reset';
  /** The address it was sent to. */
  email: string;
  expires_at: Date;
}

/**
 * A mail that has to go out, one of each purpose for an account. It holds no link: that is made for each attempt, so that no
 * token lies here.
 */
export interface MailDoc {
  user_id: string;
  purpose: MailTokenDoc['purpose'] | 'change' | 'email_changed' | 'reset_done';
  /** Random; another one when the mail is asked for again. */
  mail_id: string;
  /** The address it is for. */
  email: string;
  /** Where links lead, without a slash at its end. */
  base: string;
  language: 'en' | 'ru';
  /** Of `reset_done`: how many devices were signed out; absent: they stayed. */
  devices?: number;
  /** How many attempts failed. */
  attempts: number;
  /** When it is tried next, by whichever process. */
  due_at: Date;
  /** A process tries it at the moment; if it is not heard of until `due_at`, it died. */
  claimed_at?: Date;
  /** When an attempt failed last, and why. */
  failed_at?: Date;
  error?: string;
  expires_at: Date;
}

/** That an account may read a blob in one scope, and pays for it. */
export interface BlobRefDoc {
  user_id: string;
  /** Whose content is kept apart within the account, for example `verstak/<vault>`. */
  scope: string;
  /** SHA-256 of the content. */
  hash: string;
  /** Bytes. */
  size: number;
  created_at: Date;
}

/** The references of one scope in sum, or of the whole account where `scope` is empty. */
export interface BlobUsageDoc {
  user_id: string;
  scope: string;
  bytes: number;
  count: number;
  changed_at: Date;
}

/** What an account stores, blobs aside, as it was counted last, by whatever process. */
export interface AccountUsageDoc {
  user_id: string;
  bytes: number;
  keys: number;
  /** Random: tells one count from the next. */
  count: string;
}

/** What the server remembers of its own housekeeping: `id` is `cleanup`, `totals`, or names what has to be done only once. */
export interface HousekeepingDoc {
  id: string;
  /** When it was begun last. */
  at: Date;
  /** Of `totals`: how many contents there are, their bytes, and what accounts store beside them. */
  blobs?: number;
  blob_bytes?: number;
  account_bytes?: number;
}

/** Attempts against one account from one address, or from one address: `taken` = failures + attempts in flight. */
export interface ThrottleDoc {
  /** SHA-256 of what is counted. */
  bucket: string;
  /** Random; another one after a success or when the time is over. */
  window: string;
  taken: number;
  failures: number;
  /** As many failures as let nothing through any more, when the window was opened. */
  max?: number;
  /** When `taken` last changed: attempts in flight that are older died with their process. */
  touched_at: Date;
  expires_at: Date;
}

/** What admins change while the server runs, over the configuration: `value` is JSON text. */
export interface SettingDoc {
  name: string;
  value: string;
  updated_at: Date;
}

/** Something an admin may want to know of later. It names accounts and devices by their ids alone. */
export interface AuditDoc {
  id: string;
  at: Date;
  event: string;
  severity: 'info' | 'warning' | 'error';
  user_id?: string;
  device_id?: string;
  address?: string;
  message: string;
}

export const accountsSpec: CollectionSpec<AccountDoc> = {
  name: 'users',
  key: ['user_id'],
  whole: [
    'username',
    'email',
    'uuid',
    'admin',
    'simple_sync',
    'blocked_at',
    'unconfirmed_at',
    'erasing_at',
    'created_at',
    'last_seen',
  ],
  indexes: [
    { name: 'username', fields: ['username'], unique: true },
    { name: 'uuid', fields: ['uuid'], unique: true },
    { name: 'email', fields: ['email'], unique: true },
    { name: 'created', fields: ['created_at'] },
    { name: 'erasing', fields: ['erasing_at'] },
    { name: 'blocked', fields: ['blocked_at'] },
    { name: 'unconfirmed', fields: ['unconfirmed_at'] },
  ],
};

export const tokensSpec: CollectionSpec<TokenDoc> = {
  name: 'tokens',
  key: ['user_id', 'slot'],
  indexes: [{ name: 'hash', fields: ['hash'], unique: true, covering: true }],
  expires: 'expires_at',
  owner: 'user_id',
};

export const throttleSpec: CollectionSpec<ThrottleDoc> = {
  name: 'throttle',
  key: ['bucket'],
  expires: 'expires_at',
};

export const sessionsSpec: CollectionSpec<SessionDoc> = {
  name: 'sessions',
  key: ['user_id', 'hash'],
  indexes: [{ name: 'hash', fields: ['hash'], unique: true, covering: true }],
  expires: 'expires_at',
  owner: 'user_id',
};

export const mailTokensSpec: CollectionSpec<MailTokenDoc> = {
  name: 'mail_tokens',
  key: ['user_id', 'hash'],
  indexes: [{ name: 'hash', fields: ['hash'], unique: true }],
  expires: 'expires_at',
  owner: 'user_id',
};

export const mailsSpec: CollectionSpec<MailDoc> = {
  name: 'mails',
  key: ['user_id', 'purpose'],
  indexes: [
    { name: 'due', fields: ['due_at'] },
    { name: 'failed', fields: ['failed_at'] },
  ],
  expires: 'expires_at',
  owner: 'user_id',
};

export const blobRefsSpec: CollectionSpec<BlobRefDoc> = {
  name: 'blob_refs',
  key: ['user_id', 'scope', 'hash'],
  indexes: [{ name: 'content', fields: ['hash'], include: ['size'] }],
  owner: 'user_id',
};

export const blobUsageSpec: CollectionSpec<BlobUsageDoc> = {
  name: 'blob_usage',
  key: ['user_id', 'scope'],
  whole: ['bytes', 'count'],
  owner: 'user_id',
};

export const accountUsageSpec: CollectionSpec<AccountUsageDoc> = {
  name: 'account_usage',
  key: ['user_id'],
  whole: ['bytes', 'keys'],
  owner: 'user_id',
};

export const settingsSpec: CollectionSpec<SettingDoc> = {
  name: 'settings',
  key: ['name'],
};

export const housekeepingSpec: CollectionSpec<HousekeepingDoc> = { name: 'housekeeping', key: ['id'] };

/** One log for all APIs; its name is from when Verstak alone wrote it. */
export const auditSpec: CollectionSpec<AuditDoc> = {
  name: 'verstak_audit',
  key: ['id'],
  indexes: [
    { name: 'time', fields: ['at'] },
    { name: 'user', fields: ['user_id', 'at'] },
    { name: 'event', fields: ['event', 'at'] },
    { name: 'severity', fields: ['severity', 'at'] },
  ],
};

/** The collections of the core. */
export const coreCollections = [
  accountsSpec,
  tokensSpec,
  entriesSpec,
  tombstonesSpec,
  idempotencySpec,
  throttleSpec,
  sessionsSpec,
  oneTimeSecretsSpec,
  mailTokensSpec,
  mailsSpec,
  devicesSpec,
  punchesSpec,
  stretchesSpec,
  configsSpec,
  filesSpec,
  eventsSpec,
  segmentsSpec,
  bodiesSpec,
  pushesSpec,
  aclSpec,
  vaultsSpec,
  blobRefsSpec,
  blobUsageSpec,
  accountUsageSpec,
  settingsSpec,
  housekeepingSpec,
  auditSpec,
  pluginEntriesSpec,
];
