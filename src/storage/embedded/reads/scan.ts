import { type Doc, isExpired, textFieldOf } from '../../change.ts';
import { decodeCursor, demandLimit, encodeCursor } from '../../cursor.ts';
import type { Page, Scalar, Scan, TextScan } from '../../port.ts';
import { indexOf } from '../apply.ts';
import { boundsOf } from '../keys.ts';
import type { Table } from '../table.ts';
import { coveredItem, docOf, entriesOf } from './walk.ts';

/** Items of the longest page that is remembered. */
const SHORT = 100;

/** One page of a range. The first one, if it is short and covered, is remembered: programs look at the same one again and again. */
export function pageOf(table: Table, scan: Scan, now: number): Page<Doc> {
  demandLimit(scan.limit);
  if (!scan.covered || scan.limit > SHORT || scan.cursor !== undefined) return readPage(table, scan, now);
  const { index, prefix, from, below, order, limit } = scan;
  const name = JSON.stringify([index, prefix, from, below, order, limit]);
  let page = table.remembered.page(name, now);
  if (page === undefined) {
    page = readPage(table, scan, now);
    table.remembered.keepPage(name, { page, since: now, until: endOf(table, page.items) });
  }
  return page;
}

/** When the first of the documents ends, in milliseconds. */
function endOf({ spec: { expires } }: Table, items: readonly Doc[]): number {
  let end = Number.POSITIVE_INFINITY;
  if (expires === undefined) return end;
  for (const { [expires]: at } of items) if (at instanceof Date) end = Math.min(end, at.getTime());
  return end;
}

function readPage(table: Table, scan: Scan, now: number): Page<Doc> {
  const index = indexOf(table, scan);
  const fields = index?.tuple ?? table.spec.key;
  const after = scan.cursor === undefined ? undefined : decodeCursor(scan.cursor, fields.length, scan);
  const items: Doc[] = [];
  for (const item of entriesOf(table, index, scan, after)) {
    const doc = scan.covered ? coveredItem(table, index, item) : docOf(table, index, item);
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
