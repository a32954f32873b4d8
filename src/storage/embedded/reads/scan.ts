import { type Doc, isExpired, textFieldOf } from '../../change.ts';
import { decodeCursor, demandLimit, encodeCursor } from '../../cursor.ts';
import type { Page, Scalar, Scan, TextScan } from '../../port.ts';
import { indexOf } from '../apply.ts';
import { boundsOf } from '../keys.ts';
import type { Table } from '../table.ts';
import { coveredItem, entriesOf } from './walk.ts';

/** One page of a range. */
export function pageOf(table: Table, scan: Scan, now: number): Page<Doc> {
  demandLimit(scan.limit);
  const index = indexOf(table, scan);
  const fields = index?.tuple ?? table.spec.key;
  const after = scan.cursor === undefined ? undefined : decodeCursor(scan.cursor, fields.length, scan);
  const items: Doc[] = [];
  for (const item of entriesOf(table, index, scan, after)) {
    const doc = scan.covered ? coveredItem(table, index, item) : item.doc();
    if (doc === undefined || isExpired(table, doc, now)) continue;
    if (items.length === scan.limit) {
      const last = items[items.length - 1] as Doc;
      return { items, next: encodeCursor(fields.map(field => last[field] as Scalar)) };
    }
    items.push(doc);
  }
  return { items };
}

/** The texts of a stretch of the primary key. */
export function textsOf(table: Table, { limit, bytes, ...range }: TextScan): { texts: string[]; more: boolean } {
  demandLimit(limit);
  textFieldOf(table.spec);
  const { low: start, high: end } = boundsOf(range);
  const texts: string[] = [];
  let size = 0;
  for (const { value } of table.texts?.getRange({ start, end, limit: limit + 1 }) ?? []) {
    if (texts.length === limit) return { texts, more: true };
    texts.push(value);
    size += value.length;
    if (size >= bytes) return { texts, more: true };
  }
  return { texts, more: false };
}
