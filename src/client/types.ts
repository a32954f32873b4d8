/** What goes in and what comes out. Names and meanings are those of the API (v2.md), in the spelling of JavaScript. */

/** What a value may be made of. A stream cannot be sent twice, so that its request is never repeated. */
export type Bytes = string | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

/** How a client reaches its server. */
export interface KeybinOptions {
  /** Address of the server; may have a path, of a proxy that has it below one. */
  readonly url: string | URL;
  /** A token of v2 or of the original API; without one only what needs none. */
  readonly token?: string | undefined;
  /** In place of the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** How often a request is sent again at most, where that is safe; 4 without it. */
  readonly retries?: number | undefined;
  /** Milliseconds until a try is answered, and a body in JSON is there; 30,000 without it. A long body may take a second more for each 32 KB. */
  readonly timeout?: number | undefined;
  /** Has the token live on while it is used: it is renewed in the last third of its life. */
  readonly renewToken?: boolean | Renewing | undefined;
  /** Ignored where a browser has its own. */
  readonly userAgent?: string | undefined;
}

/** How a token is renewed. */
export interface Renewing {
  /** Seconds for which it is to live each time; without it what the server gives. */
  readonly ttl?: number | undefined;
  /** When it ends, where that is known: with `ttl` saves a request. */
  readonly expiresAt?: Date | undefined;
  /** Called with the new moment. */
  onRenew?(expiresAt: Date): void;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, also between two tries and while a body is read. Its reason is thrown as it is. */
  readonly signal?: AbortSignal | undefined;
}

/** What a call about one value takes. */
export interface MatchOptions extends CallOptions {
  /** Only while its ETag is this one: an ETag with its quotes, several with commas between them, or `*`. */
  readonly ifMatch?: string | undefined;
}

/** Of a request of one's own. */
export interface RequestOptions extends CallOptions {
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: Bytes | undefined;
  /** The body, as JSON. */
  readonly json?: unknown;
  /** Whether it may be sent again when nobody knows whether it was done; `GET` and `HEAD` may. */
  readonly idempotent?: boolean | undefined;
  /** Sends an `Idempotency-Key`, so that it may be sent again. Where the server takes none it is sent without, and once. */
  readonly once?: boolean | undefined;
  /** In place of the token. */
  readonly basic?: Credentials | undefined;
}

/** Name and password of an account. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Of reading a value. */
export interface GetOptions extends CallOptions {
  /** Part of the bytes, both ends included; a `start` below 0 is so many from the end. */
  readonly range?: { readonly start: number; readonly end?: number } | undefined;
  /** ETags that are there already: the answer is then `unchanged`, without bytes. */
  readonly ifNoneMatch?: string | undefined;
}

/** Of storing a value. */
export interface SetOptions extends MatchOptions {
  /** Seconds after which it is gone. */
  readonly ttl?: number | undefined;
  readonly expiresAt?: Date | undefined;
  /** Its content type. Without it: `text/plain` of a text, the one of a `Blob`, else `application/octet-stream`. */
  readonly type?: string | undefined;
  /** Names and values that go with it: printable ASCII, 1,024 bytes together. */
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Only when there is none. */
  readonly ifAbsent?: boolean | undefined;
  /** Stores the value as JSON. */
  readonly json?: boolean | undefined;
}

/** What was stored. */
export interface Stored {
  readonly key: string;
  readonly etag: string;
  /** There was none before. */
  readonly created: boolean;
  readonly expiresAt: Date | null;
}

/** What is known of a value. Moments are null where the original service stored it. */
export interface Info {
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly size: number;
  readonly etag: string;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly meta: Record<string, string>;
}

/** Of counting. */
export interface IncrOptions extends MatchOptions {
  /** What is added to where there is none. */
  readonly initial?: number | undefined;
  /** Seconds that it lives, when the call makes it. */
  readonly ttl?: number | undefined;
}

/** Of a list. */
export interface ListOptions extends CallOptions {
  readonly prefix?: string | undefined;
  /** Keys with it behind the prefix are shown as one of `prefixes`. */
  readonly separator?: string | undefined;
  /** 1 to 1000; 100 without it. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  /** With the values; a page then ends at about 4 MiB. */
  readonly values?: boolean | undefined;
}

/** Of all entries. */
export type EntriesOptions = Omit<ListOptions, 'separator'>;

/** An entry in a list. */
export interface Entry {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
  readonly contentType: string;
  readonly updatedAt: Date | null;
  readonly expiresAt: Date | null;
  /** A text where the bytes are UTF-8. */
  readonly value?: string | Uint8Array;
  /** Beside the value. */
  readonly contentEncoding?: string;
  /** Beside the value, where there is any. */
  readonly meta?: Record<string, string>;
}

/** A page of a list. */
export interface Page {
  readonly keys: Entry[];
  readonly prefixes: string[];
  /** Where the next page begins; absent on the last one. */
  readonly cursor?: string;
  readonly complete: boolean;
}

interface Conditional {
  readonly key: string;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

/** One operation of a batch. */
export type BatchOp =
  | ({ readonly op: 'get' | 'delete' | 'check' } & Conditional)
  | ({
      readonly op: 'put';
      readonly value?: string | Uint8Array;
      readonly json?: unknown;
      readonly contentType?: string;
      readonly ttl?: number;
      readonly meta?: Readonly<Record<string, string>>;
      /** Only when there is none. */
      readonly ifAbsent?: boolean;
    } & Conditional)
  | ({ readonly op: 'incr'; readonly by?: number; readonly initial?: number; readonly ttl?: number } & Conditional)
  | ({ readonly op: 'touch'; readonly ttl: number | null } & Conditional);

/** What became of an operation. */
export interface BatchResult {
  readonly status: number;
  readonly key: string;
  readonly etag?: string;
  readonly size?: number;
  readonly contentType?: string;
  readonly updatedAt?: Date | null;
  readonly expiresAt?: Date | null;
  /** Of a `get` whose value was stored with one. */
  readonly contentEncoding?: string;
  /** Of a `get` whose value has some. */
  readonly meta?: Record<string, string>;
  /** Of a `get` the value, of an `incr` the sum. */
  readonly value?: string | number | Uint8Array;
}

/** Of reading changes. */
export interface ChangesOptions extends CallOptions {
  readonly prefix?: string | undefined;
  /** The cursor of the answer before; without it the answer is the present one. */
  readonly since?: string | undefined;
  /** 1 to 1000; 100 without it. */
  readonly limit?: number | undefined;
  /** Seconds for which the server waits for something to happen: at most 60. */
  readonly wait?: number | undefined;
}

/** Of following changes. */
export type WatchOptions = Pick<ChangesOptions, 'prefix' | 'since' | 'signal'>;

/** A change of a value. */
export interface Change {
  readonly type: 'put' | 'delete' | 'expire';
  readonly key: string;
  /** Null unless it is a `put`. */
  readonly etag: string | null;
  readonly at: Date | null;
}

/** Changes, and where to go on. */
export interface Changes {
  readonly changes: Change[];
  readonly cursor: string;
}

/** A change, and the cursor behind it. */
export type Watched = Change & { readonly cursor: string };

/** Every limit in force, and what is used of it (v2.md, section 6). 0 of the account's: none. */
export interface Limits {
  readonly valueBytes: number;
  readonly keyBytes: number;
  readonly metaBytes: number;
  readonly accountKeys: number;
  readonly accountBytes: number;
  readonly keys: number;
  readonly bytes: number;
  readonly batchOps: number;
  readonly batchBytes: number;
  readonly listLimit: number;
  readonly listValueBytes: number;
  readonly followers: number;
  readonly allFollowers: number;
  readonly requestsPerMinute: number;
  readonly idempotencyHours: number;
  readonly historySeconds: number;
  readonly tokenDefaultTtl: number;
  readonly tokenMaxTtl: number;
  readonly atomicBatch: boolean;
  readonly changeFeed: boolean;
}

/** Of a new token; without `scopes` it may what its maker may. */
export interface TokenOptions extends CallOptions {
  /** For people. */
  readonly name?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
  /** `kv:r`, `kv:w`, `kv:rw`, each perhaps with `:<prefix>`; `tokens`; `sync`. */
  readonly scopes?: readonly string[] | undefined;
  readonly maxUses?: number | undefined;
  readonly clientId?: string | undefined;
}

/** A token, without its secret. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string | null;
  readonly clientId: string | null;
  readonly scopes: string[];
  readonly createdAt: Date;
  /** True to a minute; null: never. */
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date;
  /** Null: any number. */
  readonly usesLeft: number | null;
  readonly kind: 'v2' | 'keybin';
}

/** A token that was renewed. */
export interface RenewedToken extends TokenInfo {
  /** `capped`: it lives for less than was asked for. */
  readonly warnings?: 'capped'[];
}

/** A token that was made: the only time that its secret is told. */
export interface CreatedToken extends RenewedToken {
  readonly token: string;
}

/** A page of tokens. */
export interface TokenPage {
  readonly tokens: TokenInfo[];
  readonly cursor?: string;
  readonly complete: boolean;
}
