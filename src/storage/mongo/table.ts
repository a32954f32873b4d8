import type { Db, Document, Collection as MongoCollection } from 'mongodb';
import { type Doc, demandText } from '../change.ts';
import { checkTuple } from '../cursor.ts';
import type { CollectionSpec, IndexSpec } from '../port.ts';

export type { Doc };

/** One of our indexes. */
export interface Index {
  readonly name: string;
  /** The index's own fields. */
  readonly own: readonly string[];
  /** Its own fields, then the key fields not among them: what orders a scan, and what a page cursor holds. */
  readonly tuple: readonly string[];
  /** By what MongoDB sorts: the tuple, or the own fields alone where they are unique. */
  readonly order: readonly string[];
  readonly unique: boolean;
  /** Fields a document must have to be in the index; empty where the primary key guarantees them. */
  readonly demanded: readonly string[];
  /** What a covered scan returns. */
  readonly covered: readonly string[];
  /** How MongoDB knows it. */
  readonly definition: Definition;
}

/** An index as MongoDB knows it. */
export interface Definition {
  name: string;
  key: Record<string, 1>;
  unique?: true;
  partialFilterExpression?: Document;
  expireAfterSeconds?: number;
}

/** A collection of the port in MongoDB. */
export interface Table {
  readonly spec: CollectionSpec<Doc>;
  readonly rows: MongoCollection<Doc>;
  readonly primary: Index;
  /** The declared indexes, without the primary key. */
  readonly indexes: readonly Index[];
  /** Every index MongoDB has to have: primary key, declared ones, expiry. */
  readonly definitions: readonly Definition[];
}

/** The table of a spec in the collection `physical`. */
export function tableOf(db: Db, spec: CollectionSpec<Doc>, physical: string): Table {
  const primary = primaryIndex(spec);
  const indexes = (spec.indexes ?? []).map(index => declaredIndex(spec, index));
  const definitions = [primary, ...indexes].map(index => index.definition);
  if (spec.expires !== undefined) {
    // On the field alone: MongoDB knows no compound one. Its clean-up tidies, it does not decide what is visible.
    // Of what is kept until it was retired it is to find it.
    const expiry: Definition = { name: 'expiry', key: { [spec.expires]: 1 } };
    definitions.push(spec.kept ? expiry : { ...expiry, expireAfterSeconds: 0 });
  }
  return { spec, rows: db.collection<Doc>(physical), primary, indexes, definitions };
}

/** Not partial: every document has the key, and a sharded collection needs a full index on its shard key. */
function primaryIndex(spec: CollectionSpec<Doc>): Index {
  return {
    name: 'primary',
    own: spec.key,
    tuple: spec.key,
    order: spec.key,
    unique: true,
    demanded: [],
    covered: withExpiry(spec, spec.key),
    definition: { name: 'primary', key: ascending(spec.key), unique: true },
  };
}

function declaredIndex(
  spec: CollectionSpec<Doc>,
  { name, fields, unique = false, include = [] }: IndexSpec<Doc>,
): Index {
  const tuple = [...new Set([...fields, ...spec.key])];
  const covered = withExpiry(spec, [...new Set([...tuple, ...include])]);
  const demanded = fields.every(field => spec.key.includes(field)) ? [] : fields;
  const definition: Definition = { name, key: ascending(unique ? fields : covered) };
  if (unique) definition.unique = true;
  if (demanded.length > 0) definition.partialFilterExpression = existence(demanded);
  return { name, own: fields, tuple, order: unique ? fields : tuple, unique, demanded, covered, definition };
}

function withExpiry(spec: CollectionSpec<Doc>, fields: readonly string[]): readonly string[] {
  return spec.expires === undefined || fields.includes(spec.expires) ? fields : [...fields, spec.expires];
}

/** `{ a: 1, b: 1 }`: an index key, a sort order or a projection. */
export function ascending(fields: readonly string[]): Record<string, 1> {
  return Object.fromEntries(fields.map(field => [field, 1]));
}

/** The filter of documents that have all these fields. */
export function existence(fields: readonly string[]): Record<string, { $exists: true }> {
  return Object.fromEntries(fields.map(field => [field, { $exists: true }]));
}

/** The index of that name, or the primary key without a name. Throws when there is none: a bug of the caller. */
export function indexOf(table: Table, name: string | undefined): Index {
  if (name === undefined) return table.primary;
  const index = table.indexes.find(candidate => candidate.name === name);
  if (index === undefined) throw new Error(`${table.spec.name} has no index ${name}`);
  return index;
}

/** Throws `InvalidInputError` unless the document's key and indexed fields can be indexed. */
export function checkDoc(table: Table, doc: Doc): void {
  checkTuple(table.spec.key.map(field => doc[field]));
  demandText(table, doc);
  for (const index of table.indexes) {
    const tuple = index.order.map(field => doc[field]);
    if (!tuple.includes(undefined)) checkTuple(tuple);
  }
  const end = table.spec.expires === undefined ? undefined : doc[table.spec.expires];
  if (end !== undefined) checkTuple([end]);
}
