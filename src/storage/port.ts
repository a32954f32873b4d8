/** The contract every storage engine keeps: types only. `test/storage/contract` proves it on each engine. */

/** What may be indexed. One type per field, never null, never with U+0000. */
export type Scalar = string | number | Date;

/** Name of a field of a document. */
export type Field<T> = keyof T & string;

/** An index over `fields`, in this order. A document that lacks one of them is outside the index. */
export interface IndexSpec<T> {
  readonly name: string;
  readonly fields: readonly Field<T>[];
  readonly unique?: boolean;
  /**
   * Of a unique index: it holds whole documents, so that `find` takes one lookup instead of two, and writes cost more. For
   * small documents that are found far more often than written. An engine may ignore it.
   */
  readonly covering?: boolean;
  /** Fields a covered scan may return without reading the document. The expiry field is always among them. */
  readonly include?: readonly Field<T>[];
}

/** A collection: its primary key, its indexes, when its documents end and to whom they belong. */
export interface CollectionSpec<T> {
  /** Logical name; the configuration maps it to the physical one. */
  readonly name: string;
  /** Primary key. */
  readonly key: readonly Field<T>[];
  readonly indexes?: readonly IndexSpec<T>[];
  /** A Date field: from that moment the document does not exist. Absent: it does not expire. */
  readonly expires?: Field<T>;
  /** The field with the account id: what erasing an account has to sweep. It leads the primary key. */
  readonly owner?: Field<T>;
  /** What its documents count for where the room of their owner is limited; absent: nothing. */
  readonly charge?: Charge<T>;
  /** A text that every document has and that `texts` reads without the rest. Only where documents do not expire. */
  readonly text?: Field<T>;
  /** What `all` tells of a document. Only where documents do not expire, and for collections that people look through as a whole. */
  readonly whole?: readonly Field<T>[];
  /** Its writes are told by {@link Changes}. It needs an owner. */
  readonly told?: Told<T>;
  /** Documents that have ended are as invisible as any, but they stay until `Collection.retire` puts something in their place. */
  readonly kept?: true;
}

/**
 * Of a collection whose writes are told: a number field in which an engine may write when the document was written, over whatever
 * is there, and the fields that are told beside owner and key.
 */
export interface Told<T> {
  readonly stamp: Field<T>;
  readonly fields: readonly Field<T>[];
}

/**
 * What documents count for: `bytes` is a field with how many bytes each has, and each is one, or as many as its field `keys`
 * says. `marks` is a field that is 1 in what is left of something deleted, which counts only beyond as many as the owner may
 * have keys. `index` names an index that leads with the owner and includes these fields; without it the documents are read.
 */
export interface Charge<T> {
  readonly index?: string;
  readonly bytes: Field<T>;
  readonly keys?: Field<T>;
  readonly marks?: Field<T>;
}

/**
 * Part of an index (or of the primary key, without `index`): the tuples that begin with `prefix` and whose next field is
 * at least `from` and less than `below`. Strings compare by their UTF-8 bytes.
 */
export interface Range {
  readonly index?: string;
  readonly prefix?: readonly Scalar[];
  readonly from?: Scalar;
  readonly below?: Scalar;
}

/** One page of a range. `cursor` is the `next` of the page before. */
export interface Scan extends Range {
  readonly order?: 'asc' | 'desc';
  /** At least 1. */
  readonly limit: number;
  readonly cursor?: string;
  /** Items hold only key, index and included fields, and no document is read (but where one has to be to see whether it has expired). */
  readonly covered?: boolean;
  /**
   * Leaves out what the loss of a machine could still take back: for readers who remember how far they have read. It has
   * everything that was resolved before it was asked for.
   */
  readonly settled?: boolean;
}

/** A stretch of the primary key in ascending order, of which only the texts are read. */
export interface TextScan extends Pick<Scan, 'prefix' | 'from' | 'below' | 'limit' | 'settled'> {
  /** It ends with what fills so many bytes, about; with one text at least. */
  readonly bytes: number;
}

/** `next` is there while more may follow. */
export interface Page<T> {
  items: T[];
  next?: string;
}

/** A change of one document. `add` treats an absent field as 0. */
export interface Change<T> {
  readonly set?: Partial<T>;
  readonly unset?: readonly Field<T>[];
  readonly add?: Partial<Record<Field<T>, number>>;
  /** What the result of `add` may not leave; else `ConflictError` and nothing changes. */
  readonly bounds?: Partial<Record<Field<T>, { readonly min?: number; readonly max?: number }>>;
}

/** Fields with the values they must have; `undefined` means the field must be absent. */
export type Expect<T> = { readonly [F in keyof T]?: T[F] | undefined };

/**
 * A set of documents. Every method rejects with `StorageUnavailableError` when the engine does not answer or is closed, and
 * with `InvalidInputError` when an indexed tuple is too long or holds what may not be indexed. Arguments are never modified.
 * A resolved write is durable. Expired documents are invisible to every method, by the injected clock. Documents that were
 * read are not to be modified: others may hold the same ones.
 */
export interface Collection<T> {
  /** Whoever asks for the same document at the same time may get one object, as of `find` and `getMany`: nobody may change it. */
  get(key: readonly Scalar[]): Promise<Readonly<T> | undefined>;
  /**
   * The documents at these keys, in the order of the keys; undefined where there is none. A key may occur twice, and its
   * document may be one object then. Not of one moment: what is written meanwhile may or may not be seen. With `uniqueIndex`
   * a key has a value for each of its fields, as for `find`.
   */
  getMany(keys: readonly (readonly Scalar[])[], uniqueIndex?: string): Promise<(Readonly<T> | undefined)[]>;
  /** By a unique index, with a value for each of its fields. */
  find(uniqueIndex: string, values: readonly Scalar[]): Promise<Readonly<T> | undefined>;
  /** As `get`, but a document of a `kept` collection that has ended is there until it was retired: whoever replaces it may need to know. */
  getEnded(key: readonly Scalar[]): Promise<Readonly<T> | undefined>;
  /** In index order, ties by primary key. A bad cursor is `InvalidInputError` (code `cursor_invalid`). */
  scan(scan: Scan): Promise<Page<T>>;
  /**
   * The `text` of each document, and whether more may follow: with fewer than `limit` perhaps there is nothing. Where to go on
   * the caller knows from what is in the texts.
   */
  texts(scan: TextScan): Promise<{ texts: string[]; more: boolean }>;
  /**
   * Every document in the order of the keys, of which items hold only the fields that the spec names as `whole`. One that is as it was the last time is
   * the same object, and costs a fraction of another one. Others have their turn meanwhile, so it is not of one moment.
   */
  all(): Promise<readonly Readonly<T>[]>;
  /** Throws `DuplicateKeyError`. */
  insert(doc: T): Promise<void>;
  /**
   * Upsert by primary key; the last write wins. With `over` only where nothing is, or what is there has not ended and is so: returns whether
   * it was put. Throws `DuplicateKeyError` when another document holds a unique value.
   */
  put(doc: T, over?: Expect<T>): Promise<boolean>;
  /**
   * Compare-and-set. Returns the document after the change, or undefined when it is absent or not as `expect` says. Throws
   * `ConflictError` (bounds), `DuplicateKeyError`. The primary key cannot be changed.
   */
  update(key: readonly Scalar[], change: Change<T>, expect?: Expect<T>): Promise<T | undefined>;
  /** Returns whether a document was there, as `expect` says, and is gone now. */
  delete(key: readonly Scalar[], expect?: Expect<T>): Promise<boolean>;
  /** Removes all documents of the range in batches; returns how many. Documents written meanwhile may or may not go. */
  deleteMany(range: Range): Promise<number>;
  /**
   * Of a `kept` collection: puts what `successors` says in the place of documents that have ended, of at most `limit`; returns of how
   * many. Document and successors go and come in one commit, where commits are atomic; else a crash may leave successors out. What is
   * written to a document meanwhile counts.
   */
  retire(limit: number, successors: (doc: Readonly<T>) => readonly Write[]): Promise<number>;
  /**
   * What stands for the collection as it is now: another object after anything in it was written, by whatever process, and
   * now and then without that. That a document ends is no write. Undefined where the engine cannot tell. What was made of reads
   * between two calls that give the same one may be kept until there is another.
   */
  state(): Promise<object | undefined>;
  /** Counts at most `cap` documents. */
  count(range: Range, cap?: number): Promise<number>;
  /** How many documents there are, about, at the same cost however many: what has expired and was not removed yet may be among them. */
  estimate(): Promise<number>;
  /**
   * How many documents a range has, and the sums of number fields of theirs, absent ones being 0. Reads no document where the
   * range's index includes the fields. Others have their turn meanwhile, so it is not of one moment.
   */
  sum(range: Range, fields: readonly Field<T>[]): Promise<{ documents: number; sums: number[] }>;
}

/** One write of a commit. `require` changes nothing and demands a state, `'absent'` that nothing is there: also while the commit is under way. */
// biome-ignore lint/suspicious/noExplicitAny: a commit mixes collections of different documents
export type Write<T = any> = { readonly in: CollectionSpec<T> } & (
  | { readonly insert: T }
  | { readonly put: T }
  | { readonly update: readonly Scalar[]; readonly change: Change<T>; readonly expect?: Expect<T> }
  | { readonly delete: readonly Scalar[]; readonly expect?: Expect<T> }
  | { readonly deleteMany: Range }
  | { readonly require: readonly Scalar[]; readonly expect: Expect<T> | 'absent' }
);

/** An open engine. */
export interface Storage {
  /** Short name of the engine and where its data is, without credentials: for the log. */
  readonly description: string;
  /** Resolves when the engine has answered and its indexes are built; rejects with `StartupError` when it never can. */
  readonly ready: Promise<void>;
  /** Whether `commit` is all or nothing even when the process dies half way. Known once `ready`. */
  readonly atomicCommit: boolean;
  collection<T extends object>(spec: CollectionSpec<T>): Collection<T>;
  /** Adds to a named counter that starts at 0; returns the new value. Unique, not ordered with other writes. */
  increment(counter: string, by?: number): Promise<number>;
  /**
   * A random text of 43 characters that belongs to the data: made when it is first asked for, then the same for ever and for
   * every process. `name` is made of `a-z 0-9 -`. `inDatabase` says whether it lies in the database, and so in its backups.
   * Read anew at each call. Rejects with `StorageUnavailableError`, also when what is stored is damaged: it is not replaced.
   */
  secret(name: string): Promise<{ value: string; inDatabase: boolean }>;
  /**
   * Applies all writes or none. An `update` or `delete` whose document is absent or not as `expect` says is a
   * `ConflictError`, as is a `require` that does not hold and an `add` out of bounds; `at` is the index of the write.
   * Without `expect`, a `delete` of an absent document is fine. Also throws `DuplicateKeyError` with `at`.
   */
  commit(writes: readonly Write[]): Promise<void>;
  readonly blobs: BlobStore;
  /** What is written to collections that are `told`. Undefined where the engine cannot tell; known once `ready`. */
  readonly changes: Changes | undefined;
  /** All documents as they are now, for a copy. What they refer to among the blobs stays there for ten minutes at least. */
  snapshot(): Promise<Snapshot>;
  /**
   * Begins to fill an empty storage with a copy of another one, or goes on with it; `copy` tells copies apart. Until it has ended, the storage
   * opens for that alone. Throws `StartupError`: it holds something else.
   */
  fill(copy: string): Promise<Fill>;
  /**
   * Compares the engine's own indexes with the documents; with `repair` those that differ are built anew. Undefined where the engine's
   * server keeps them.
   */
  checkIndexes(repair: boolean): AsyncIterable<IndexFault> | undefined;
  /** Bytes that the database takes on its disk, blobs not included. An engine may be a minute behind. */
  size(): Promise<number>;
  /** Resolves when the engine answers; rejects with `StorageUnavailableError`. */
  ping(): Promise<void>;
  /** Waits for what is under way, then releases everything. Later calls reject. Idempotent. */
  close(): Promise<void>;
}

/** An index that differs from the documents: how many of them it lacks, and how many of its entries tell something else. */
export interface IndexFault {
  readonly collection: string;
  readonly index: string;
  readonly missing: number;
  readonly stray: number;
}

/** A document of whatever collection. */
export type AnyDoc = Readonly<Record<string, unknown>>;

/** A number or a text by its name: a counter, a secret. */
export interface Named<V> {
  readonly name: string;
  readonly value: V;
}

/**
 * What a storage holds. To be closed: an engine may keep for it what others have replaced meanwhile. Methods throw
 * `StorageUnavailableError`, also when it cannot be read as of that moment any more.
 */
export interface Snapshot {
  /** Whether all documents are as they were at one moment; else each as it is when it is read. */
  readonly oneMoment: boolean;
  /** How many documents there are, about. */
  about(): Promise<number>;
  /**
   * All documents of a collection in the order of their keys, in portions, as they are stored: those that have ended too, and without
   * what is the engine's own.
   */
  documents(collection: string): AsyncIterable<readonly AnyDoc[]>;
  counters(): Promise<Named<number>[]>;
  /** The secrets that were made so far. */
  secrets(): Promise<Named<string>[]>;
  close(): Promise<void>;
}

/** A storage that is being filled. A resolved write is durable. Throws `StorageUnavailableError`. */
export interface Fill {
  /** What was passed last to a method that takes a position; 0 at the beginning. */
  readonly position: number;
  /**
   * Puts in documents, ended or not, and notes the position behind them; where commits are atomic, in one. What is put in again takes its own
   * place. Throws `DuplicateKeyError`: another one has a unique value, ended or not; `InvalidInputError`.
   */
  documents(collection: string, docs: readonly AnyDoc[], position: number): Promise<void>;
  counter(counter: Named<number>, position: number): Promise<void>;
  secret(secret: Named<string>, position: number): Promise<void>;
  /** Notes a position, behind blobs say. */
  reached(position: number): Promise<void>;
  /** All is there: from now on the storage opens to serve. */
  end(): Promise<void>;
}

/** That a document was written, of the collection of that name: its key, and the fields that are told. */
export interface Telling {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: documents of several collections
  readonly doc: any;
  /** Just behind it. */
  readonly position: string;
}

/** What was told, and the position behind it. `more`: it is worth asking at once. */
export interface Tellings {
  readonly items: readonly Telling[];
  readonly position: string;
  readonly more: boolean;
}

/**
 * What was written to the collections that are `told`, by whatever process: each document of an owner in the order of its writes, at least
 * once. Several writes of one may be told as the last. What was removed is not told, nor is what has ended: whoever removes
 * leaves something in another collection. Documents of two collections with one key take each other's place.
 */
export interface Changes {
  /** The present: whatever is resolved later is behind it. Not of one owner. */
  position(): Promise<string>;
  /**
   * What was written behind a position, oldest first, up to what was resolved when it was asked for; with `woken` the last of it
   * may be missing: whoever follows will be woken for it. `limit` is about how much is looked at. Throws
   * `GoneError` (code `cursor_gone`) when the position is too old or of other data, `InvalidInputError` (code `cursor_invalid`).
   */
  since(owner: string, position: string, limit: number, woken?: 'woken'): Promise<Tellings>;
  /** Has `wake` called after whatever is written of the owner, and perhaps without that, until the returned function is. */
  follow(owner: string, wake: () => void): () => void;
}

/** What a caller may demand of a content before it is kept. */
export interface PutOptions {
  /** Its lower-case hex SHA-256. */
  readonly expected?: string;
  /**
   * Called when all of it was read, before it is kept; may use the storage. When it throws, nothing is kept, and what was
   * there before stays as it was.
   */
  readonly accept?: (blob: { sha256: string; size: number }) => Promise<void>;
}

/** Content by its address: the lower-case hex SHA-256. */
export interface BlobStore {
  /**
   * Stores what `content` yields, hashing on the way; the same content twice is one blob, with a fresh `at`. Throws
   * `PayloadTooLargeError` over `maxBytes`, `InvalidInputError` (code `blob_hash_mismatch`) when the hash is not `expected`,
   * and, as it is, what `content` or `accept` throws. It may take as long as it likes up to 24 h; beyond, `sweep` ends it.
   */
  put(
    content: AsyncIterable<Uint8Array>,
    maxBytes: number,
    options?: PutOptions,
  ): Promise<{ sha256: string; size: number }>;
  /** The bytes from `start` (inclusive) to `end` (inclusive, default: last byte). */
  open(sha256: string, range?: { start: number; end?: number }): Promise<AsyncIterable<Uint8Array> | undefined>;
  stat(sha256: string): Promise<{ size: number } | undefined>;
  /**
   * Returns whether it was there, last stored before `before` if that is given, and is gone. Stored again meanwhile, by
   * whatever process, it is too young and stays.
   */
  delete(sha256: string, before?: Date): Promise<boolean>;
  /** All blobs in order of their address, some hundred a page; `at` is when it was last stored. */
  list(cursor?: string): Promise<Page<{ sha256: string; size: number; at: Date }>>;
  /**
   * Removes what uploads have left that began more than 24 h ago and never ended; returns how many others are there: under
   * way, or dead for less. Also done when the engine opens.
   */
  sweep(): Promise<{ unfinished: number }>;
  /** How many blobs there are, about. */
  count(): Promise<number>;
  /** Resolves when blobs can be written; rejects with `StorageUnavailableError`. */
  ping(): Promise<void>;
}
