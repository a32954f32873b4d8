import { setImmediate as others } from 'node:timers/promises';
import { type Doc, isExpired } from '../../change.ts';
import type { Range } from '../../port.ts';
import { indexOf } from '../apply.ts';
import type { Environment } from '../environment.ts';
import { boundsOf, type Tuple } from '../keys.ts';
import type { Index, Table } from '../table.ts';
import { coveredItem, docOf, entriesOf } from './walk.ts';

/** Milliseconds for which entries are looked at before others have their turn. */
const SLICE_MS = 5;

/** Counts the documents of a range that have not expired, at most `cap`. Looks at them only where some may have. */
export function countOf(table: Table, range: Range, cap: number, now: number): number {
  const index = indexOf(table, range);
  if (table.spec.expires === undefined) return countEntries(table, index, range, cap);
  if (table.expiry && !index && isWhole(range)) {
    const expired = table.expiry.db.getKeysCount({ start: [], end: [new Date(now + 1)] });
    return Math.min(table.primary.getStats().entryCount - expired, cap);
  }
  let count = 0;
  for (const item of entriesOf(table, index, range)) {
    if (count >= cap) break;
    const doc = index ? coveredItem(table, index, item) : docOf(table, index, item);
    if (doc && !isExpired(table, doc, now)) count++;
  }
  return count;
}

/** Counts the documents of a range that have not expired and adds up some of their fields, a slice at a time. */
export async function sumOf(env: Environment, table: Table, range: Range, fields: readonly string[]) {
  const index = indexOf(table, range);
  const covered = index && fields.every(field => index.include.includes(field));
  const total = { documents: 0, sums: fields.map(() => 0) };
  const add = (doc: Doc) => {
    total.documents++;
    for (const [i, field] of fields.entries()) total.sums[i] = (total.sums[i] ?? 0) + Number(doc[field] ?? 0);
  };
  let after: Tuple | undefined;
  let complete = false;
  while (!complete) {
    env.beginRead();
    const now = env.now();
    const began = performance.now();
    complete = true;
    for (const item of entriesOf(table, index, range, after)) {
      const doc = covered ? coveredItem(table, index, item) : docOf(table, index, item);
      if (doc && !isExpired(table, doc, now)) add(doc);
      after = item.key;
      if (performance.now() - began < SLICE_MS) continue;
      complete = false;
      break;
    }
    if (!complete) await others();
  }
  return total;
}

/** Each entry is a document that is there. */
function countEntries(table: Table, index: Index | undefined, range: Range, cap: number): number {
  const db = index?.db ?? table.primary;
  if (isWhole(range)) return Math.min(db.getStats().entryCount, cap);
  const { low: start, high: end } = boundsOf(range);
  if (!Number.isFinite(cap)) return db.getKeysCount({ start, end });
  let count = 0;
  for (const _ of db.getKeys({ start, end, limit: cap })) count++;
  return count;
}

function isWhole({ prefix = [], from, below }: Range): boolean {
  return prefix.length === 0 && from === undefined && below === undefined;
}
