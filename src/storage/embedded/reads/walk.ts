import type { Doc } from '../../change.ts';
import { placeOf } from '../../cursor.ts';
import type { Range, Scalar, Scan } from '../../port.ts';
import { primaryKey } from '../apply.ts';
import type { Stretch } from '../database.ts';
import { boundsOf, type Tuple } from '../keys.ts';
import type { Index, Table } from '../table.ts';

/** An entry as it lies there. */
export interface Entry {
  /** The tuple. */
  readonly key: Scalar[];
  readonly value: unknown;
}

/** The entries of a range in order, beginning behind the tuple `after`. */
export function entriesOf(
  table: Table,
  index: Index | undefined,
  scan: Range & Partial<Scan>,
  after?: Tuple,
): Iterable<Entry> {
  const past = index?.unique ? after?.slice(0, index.own) : after;
  const entries = entriesIn(table, index, scan, rangeOptions(scan, past));
  const rest = past === undefined ? entries : behind(entries, past);
  return scan.from === undefined && scan.below === undefined ? rest : inBounds(rest, scan);
}

/** Without the first one, if it is the one at the tuple itself. */
function behind(entries: Iterable<Entry>, past: Tuple): Iterable<Entry> {
  return {
    [Symbol.iterator]() {
      const steps = entries[Symbol.iterator]();
      let isFirst = true;
      return {
        next() {
          const step = steps.next();
          if (!isFirst) return step;
          isFirst = false;
          return !step.done && sameTuple(step.value.key, past) ? steps.next() : step;
        },
        return: () => steps.return?.() ?? { done: true, value: undefined },
      };
    },
  };
}

function* inBounds(entries: Iterable<Entry>, scan: Range): Generator<Entry> {
  for (const entry of entries) {
    const place = placeOf(scan, entry.key);
    if (place === 'above') continue; // walking down from an exclusive bound
    if (place === 'below') return;
    yield entry;
  }
}

/** The document of an entry; undefined when another process removed it meanwhile. */
export function docOf(table: Table, index: Index | undefined, { key, value }: Entry): Doc | undefined {
  return index ? table.primary.get(primaryKey(table, index, key, value)) : (value as Doc);
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
export function coveredItem(table: Table, index: Index | undefined, entry: Entry): Doc | undefined {
  const { key, expires } = table.spec;
  const { key: tuple, value } = entry;
  if (index?.unique) {
    if (index.covering || expires !== undefined) {
      return pick(docOf(table, index, entry), [...key, ...index.tuple, expires]);
    }
    return inFields(index.tuple, [...tuple, ...(value as Scalar[])]);
  }
  // What an index holds was decoded for this alone: a copy of it would take as long as the rest.
  const doc: Doc = index !== undefined && isHolding(value) ? value : {};
  inFields(index?.tuple ?? key, tuple, doc);
  if (index === undefined && expires !== undefined && isHolding(value) && expires in value)
    doc[expires] = value[expires];
  return doc;
}

function inFields(fields: readonly string[], tuple: readonly Scalar[], doc: Doc = {}): Doc {
  for (let i = 0; i < tuple.length; i++) doc[fields[i] as string] = tuple[i];
  return doc;
}

function isHolding(value: unknown): value is Doc {
  return typeof value === 'object' && value !== null;
}

function pick(doc: Doc | undefined, fields: readonly (string | undefined)[]): Doc | undefined {
  return doc && Object.fromEntries(Object.entries(doc).filter(([field]) => fields.includes(field)));
}
