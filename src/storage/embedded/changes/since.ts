import { type Doc, equal, isExpired } from '../../change.ts';
import { compareScalars } from '../../cursor.ts';
import type { Telling } from '../../port.ts';
import { primaryKey } from '../apply.ts';
import { HIGH } from '../keys.ts';
import type { Table } from '../table.ts';
import { type Position, startOf, textOf } from './position.ts';

/** One entry of the index of a table by which is told what was written. */
interface Row {
  readonly table: Table;
  readonly stamp: number;
  /** Key of the document without its owner. */
  readonly key: readonly string[];
  readonly doc: Doc;
}

/** What was told of some tables, and how far it was looked. */
export interface Told {
  readonly items: Telling[];
  /** Undefined: to the end. */
  readonly reached?: Position;
  /** Stamp of the last. */
  readonly last: number;
}

/** Merges what the tables tell of an owner behind a position; of documents with one key that of the earlier table. Looks at `limit` rows. */
export function tell(
  tables: readonly Table[],
  owner: string,
  position: Position,
  { limit, now }: { limit: number; now: number },
): Told {
  const rows = tables.map(table => rowsOf(table, owner, position, limit + 1)).reduce(merge, []);
  const told = rows.slice(0, limit);
  const items: Telling[] = [];
  for (const [i, { table, stamp, key, doc }] of told.entries()) {
    const before = told[i - 1];
    if (before?.stamp === stamp && equal(before.key, key)) continue; // it took the place of this one, in the same transaction
    if (isExpired(table, doc, now)) continue;
    items.push({ name: table.spec.name, doc, position: textOf({ stamp, key }) });
  }
  const last = told.at(-1);
  const seen = { items, last: last?.stamp ?? position.stamp };
  return rows.length > limit && last ? { ...seen, reached: { stamp: last.stamp, key: last.key } } : seen;
}

function rowsOf(table: Table, owner: string, position: Position, limit: number): Row[] {
  const { told, spec } = table;
  if (told === undefined) return [];
  const rows: Row[] = [];
  const start = startOf(owner, position);
  for (const { key: tuple, value } of told.index.db.getRange({ start, end: [owner, HIGH], limit: limit + 1 })) {
    const stamp = Number(tuple[1]);
    const all = primaryKey(table, told.index, tuple, value);
    const key = all.slice(1) as string[];
    if (stamp === position.stamp && equal(key, position.key)) continue;
    const doc: Doc = { ...(value === true ? {} : (value as Doc)) };
    for (const [i, field] of spec.key.entries()) doc[field] = all[i];
    rows.push({ table, stamp, key, doc });
    if (rows.length === limit) break;
  }
  return rows;
}

/** Two lists in order as one; of what is at the same place the first list's comes first. */
function merge(first: readonly Row[], second: readonly Row[]): Row[] {
  if (first.length === 0 || second.length === 0) return [...first, ...second];
  const rows: Row[] = [];
  let i = 0;
  for (const row of second) {
    for (let next = first[i]; next !== undefined && isUpTo(next, row); next = first[++i]) rows.push(next);
    rows.push(row);
  }
  return rows.concat(first.slice(i));
}

function isUpTo(a: Row, b: Row): boolean {
  return a.stamp === b.stamp ? compareKeys(a.key, b.key) <= 0 : a.stamp < b.stamp;
}

function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareScalars(a[i] ?? '', b[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}
