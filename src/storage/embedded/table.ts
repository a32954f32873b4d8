import type { RootDatabase } from 'lmdb';
import { type Doc, equal } from '../change.ts';
import type { CollectionSpec, IndexSpec, Scalar } from '../port.ts';
import { Recalled } from '../recalled.ts';
import type { Stamps } from './changes/stamps.ts';
import { type Damage, guarded } from './damage.ts';
import { type Db, openDb, openRaw, openTexts, type Raw } from './database.ts';
import { EVERYTHING, type Tuple } from './keys.ts';
import type { Remembered } from './snapshot/remembered.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/** One database of LMDB that mirrors an index. */
export interface Index {
  readonly name: string;
  /** Name of the database. */
  readonly id: string;
  /** What the tuple is made of: the index's fields, and the key fields not among them. A unique index stores only its own. */
  readonly tuple: readonly string[];
  /** How many of `tuple` are the index's own. */
  readonly own: number;
  readonly unique: boolean;
  readonly covering: boolean;
  readonly include: readonly string[];
  /** Unique: its fields -> the rest of the tuple, or the document when it is covering. Other: tuple -> the included fields that are there, or true. */
  readonly db: Db<unknown>;
}

/** A collection in LMDB: the documents by primary key, and the indexes. */
export interface Table {
  readonly spec: CollectionSpec<Doc>;
  readonly primary: Db<Doc>;
  readonly indexes: readonly Index[];
  /** Expiry field, then key: what the sweeper walks. */
  readonly expiry?: Index;
  /** The documents as the text they begin with, where the spec names one. */
  readonly texts?: Db<string>;
  readonly remembered: Remembered;
  /** The documents as they lie there, where the spec has a `whole`, and what is known of them. */
  readonly whole?: {
    readonly raw: Db<Raw>;
    readonly decode: (bytes: Buffer, key: Tuple) => Doc;
    readonly recalled: Recalled;
  };
  /** Where what is told of it is written down. */
  readonly told?: { readonly stamp: string; readonly owner: string; readonly index: Index; readonly stamps: Stamps };
}

/** Name of the index that the sweeper walks. */
const EXPIRY = 'expiry';

/** Name of the index by which is told what was written. */
const TOLD = 'told';

/** Opens the databases of one collection. `physical` is the name they carry. */
export function openTable(
  root: RootDatabase,
  spec: CollectionSpec<Doc>,
  physical: string,
  { damage, snapshot, stamps }: { damage: Damage; snapshot: Snapshot; stamps: Stamps },
): Table {
  const specs: IndexSpec<Doc>[] = [...(spec.indexes ?? [])];
  if (spec.expires !== undefined) specs.push({ name: EXPIRY, fields: [spec.expires] });
  const { told, owner = '' } = spec;
  if (told !== undefined) specs.push({ name: TOLD, fields: [owner, told.stamp], include: told.fields });
  const indexes = specs.map(index => openIndex(root, spec, index, physical, damage));
  const expiry = indexes.find(index => index.name === EXPIRY);
  const isKeyed = (doc: Doc, key: Tuple) => isDoc(doc) && spec.key.every((field, i) => equal(doc[field], key[i]));
  const primary = guarded(openDb<Doc>(root, physical), damage, isKeyed);
  const index = indexes.find(({ name }) => name === TOLD);
  const telling = told && index && { told: { stamp: told.stamp, owner, index, stamps } };
  const whole = spec.whole && { whole: openWhole(root, physical, spec, damage, isKeyed) };
  const table = { spec, primary, indexes, remembered: snapshot.table(), ...telling, ...whole };
  if (spec.text !== undefined) {
    const isText = (text: string) => typeof text === 'string';
    return { ...table, texts: guarded(openTexts(root, physical, spec.text), damage, isText) };
  }
  return expiry ? { ...table, expiry } : table;
}

/** Only what changed is decoded, and looked at whether it is what was stored. */
function openWhole(
  root: RootDatabase,
  physical: string,
  spec: CollectionSpec<Doc>,
  damage: Damage,
  isKeyed: (doc: Doc, key: Tuple) => boolean,
): NonNullable<Table['whole']> {
  const { raw, decode } = openRaw<Doc>(root, physical);
  const decoded = (bytes: Buffer, key: Tuple): Doc => {
    let doc: Doc;
    try {
      doc = decode(bytes);
    } catch (error) {
      throw damage.whileReading(error);
    }
    if (!isKeyed(doc, key)) throw damage.note(new Error('a document is not what was stored'));
    return doc;
  };
  return { raw: guarded(raw, damage, () => true), decode: decoded, recalled: new Recalled(spec) };
}

function openIndex(
  root: RootDatabase,
  spec: CollectionSpec<Doc>,
  index: IndexSpec<Doc>,
  physical: string,
  damage: Damage,
): Index {
  const include = index.unique ? [] : [...(index.include ?? [])];
  if (spec.expires !== undefined && !index.unique && !index.fields.includes(spec.expires)) include.push(spec.expires);
  const id = `${physical}/${index.name}`;
  const missing = spec.key.filter(field => !index.fields.includes(field));
  const isEntry = (held: unknown) => {
    if (!index.unique) return held === true || isDoc(held);
    return index.covering ? isDoc(held) : Array.isArray(held) && held.length === missing.length;
  };
  return {
    name: index.name,
    id,
    tuple: [...index.fields, ...missing],
    own: index.fields.length,
    unique: index.unique ?? false,
    covering: (index.unique && index.covering) ?? false,
    include: [...new Set(include)],
    db: guarded(openDb<unknown>(root, id), damage, isEntry),
  };
}

function isDoc(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tuple a document has in an index, or undefined when it is outside. */
export function tupleOf(index: Index, doc: Doc): Scalar[] | undefined {
  const length = index.unique ? index.own : index.tuple.length;
  const tuple: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const value = doc[index.tuple[i] as string];
    if (value === undefined) return undefined;
    tuple.push(value);
  }
  return tuple as Scalar[];
}

/** What an index stores at a document's tuple. */
export function entryOf(index: Index, doc: Doc): unknown {
  if (index.covering) return doc;
  if (index.unique) return index.tuple.slice(index.own).map(field => doc[field]);
  let held: Doc | undefined;
  for (const field of index.include) {
    const value = doc[field];
    if (value === undefined) continue;
    held ??= {};
    held[field] = value;
  }
  return held ?? true;
}

/** Whether the first to expire has: a read, so that idle servers write nothing. */
export function isDue({ expiry }: Table, now: number): boolean {
  for (const key of expiry?.db.getKeys({ ...EVERYTHING, limit: 1 }) ?? []) return Number(key[0]) <= now;
  return false;
}
