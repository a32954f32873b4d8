import type { Doc } from '../../change.ts';
import { placeOf } from '../../cursor.ts';
import type { Range, Scalar, Scan } from '../../port.ts';
import { primaryKey } from '../apply.ts';
import type { Stretch } from '../database.ts';
import { boundsOf, type Tuple } from '../keys.ts';
import type { Index, Table } from '../table.ts';

/** An entry as it lies there. */
interface Entry {
  readonly key: Scalar[];
  readonly value: unknown;
}

/** An entry met on a walk. */
export interface Met {
  readonly tuple: readonly Scalar[];
  readonly value: unknown;
  /** The document; undefined when another process removed it meanwhile. */
  doc(): Doc | undefined;
}

/** Walks the entries of a range in order, beginning behind the tuple `after`. */
export function* entriesOf(
  table: Table,
  index: Index | undefined,
  scan: Range & Partial<Scan>,
  after?: Tuple,
): Generator<Met> {
  const past = index?.unique ? after?.slice(0, index.own) : after;
  const bounded = scan.from !== undefined || scan.below !== undefined;
  let first = past !== undefined;
  for (const { key, value } of entriesIn(table, index, scan, rangeOptions(scan, past))) {
    if (first && past && sameTuple(key, past)) continue;
    first = false;
    const place = bounded ? placeOf(scan, key) : 'inside';
    if (place === 'above') continue; // walking down from an exclusive bound
    if (place === 'below') return;
    yield {
      tuple: key,
      value,
      doc: () => (index ? table.primary.get(primaryKey(table, index, key, value)) : (value as Doc)),
    };
  }
}

/** The key alone where it is all that a covered scan asks for: documents may be long. */
function entriesIn(table: Table, index: Index | undefined, scan: Partial<Scan>, stretch: Stretch): Iterable<Entry> {
  if (index !== undefined) return index.db.getRange(stretch);
  return scan.covered && table.spec.expires === undefined ? bareKeys(table, stretch) : table.primary.getRange(stretch);
}

function* bareKeys(table: Table, stretch: Stretch): Generator<Entry> {
  for (const key of table.primary.getKeys(stretch)) yield { key, value: undefined };
}

function rangeOptions(scan: Range & Partial<Scan>, past: Tuple | undefined) {
  const { low, high } = boundsOf(scan);
  if (scan.order !== 'desc') return { start: past ?? low, end: high };
  // Downwards the end is exclusive too: the bare prefix lies before all its tuples, `from` is checked entry by entry.
  return {
    start: past ?? high,
    reverse: true,
    end: scan.prefix ?? [],
  };
}

function sameTuple(a: readonly Scalar[], b: Tuple): boolean {
  return a.length === b.length && a.every((value, i) => value.valueOf() === b[i]?.valueOf());
}

/** The key, index and included fields of an entry's document. */
export function coveredItem(table: Table, index: Index | undefined, item: Met): Doc | undefined {
  const { key, expires } = table.spec;
  if (index?.unique) return pick(item.doc(), [...key, ...index.tuple, expires]);
  const fields = index?.tuple ?? key;
  const include = index?.include ?? (expires === undefined ? [] : [expires]);
  // Written out, for all documents of a scan to have their fields in one order: spreading takes several times as long.
  const doc: Doc = {};
  for (let i = 0; i < item.tuple.length; i++) doc[fields[i] as string] = item.tuple[i];
  const included = item.value;
  if (typeof included === 'object' && included !== null) {
    for (const field of include) if (field in included) doc[field] = (included as Doc)[field];
  }
  return doc;
}

function pick(doc: Doc | undefined, fields: readonly (string | undefined)[]): Doc | undefined {
  return doc && Object.fromEntries(Object.entries(doc).filter(([field]) => fields.includes(field)));
}
