import { BSON } from 'mongodb';
import { isExpired, textFieldOf } from '../change.ts';
import { decodeCursor, demandLimit, encodeCursor } from '../cursor.ts';
import type { Page, Scalar, Scan, TextScan } from '../port.ts';
import { demandWhole, type Recalled } from '../recalled.ts';
import { decode, decodeCovered, HIDDEN } from './documents.ts';
import { inRange, restOfRange } from './filters.ts';
import { ascending, type Doc, type Index, indexOf, type Table } from './table.ts';

/** Least number of documents read at once when expired ones have left a page unfilled. */
const READ_ON = 100;

/** One page of a range: reads on past expired documents until it is full and one more is known to follow. */
export async function readPage(table: Table, scan: Scan, now: number): Promise<Page<Doc>> {
  demandLimit(scan.limit);
  const index = indexOf(table, scan.index);
  const desc = scan.order === 'desc';
  const decoded = scan.covered ? decodeCovered : decode;
  const options = optionsOf(index, scan);
  const items: Doc[] = [];
  let intervals =
    scan.cursor === undefined
      ? [inRange(index, scan)]
      : restOfRange(index, scan, desc, decodeCursor(scan.cursor, index.tuple.length, scan));
  for (let limit = scan.limit + 1; ; ) {
    const [interval] = intervals;
    if (interval === undefined) return { items };
    const docs = await table.rows.find(interval, { ...options, limit, batchSize: limit }).toArray();
    for (const doc of docs) {
      if (isExpired(table, doc, now)) continue;
      const last = items[scan.limit - 1];
      if (last) return { items, next: encodeCursor(tupleOf(index, last)) };
      items.push(decoded(doc));
    }
    const last = docs[limit - 1];
    intervals = last ? restOfRange(index, scan, desc, tupleOf(index, last)) : intervals.slice(1);
    // Where an interval ended the next one is asked for what is missing; more would be read for nothing.
    const missing = scan.limit + 1 - items.length;
    limit = last ? Math.max(missing, READ_ON) : missing;
  }
}

/** The texts of a stretch of the primary key. Ends with the batch of the server that fills the bytes. */
export async function readTexts(table: Table, scan: TextScan): Promise<{ texts: string[]; more: boolean }> {
  demandLimit(scan.limit);
  const field = textFieldOf(table.spec);
  const limit = scan.limit + 1;
  const options = { ...optionsOf(table.primary, scan), projection: { _id: 0, [field]: 1 }, limit, batchSize: limit };
  const cursor = table.rows.find(inRange(table.primary, scan), options);
  const texts: string[] = [];
  let size = 0;
  while (await cursor.hasNext()) {
    for (const doc of cursor.readBufferedDocuments()) {
      if (texts.length === scan.limit) return { texts, more: true };
      const text = String(doc[field]);
      texts.push(text);
      size += text.length;
    }
    if (size < scan.bytes) continue;
    await cursor.close();
    return { texts, more: true };
  }
  return { texts, more: false };
}

/** Every document as the spec tells it as a whole: the server sends no more of it, and what is as it was the last time is not decoded. */
export async function readAll({ rows, primary, spec }: Table, recalled: Recalled): Promise<readonly Doc[]> {
  demandWhole(spec);
  const projection = { _id: 0, ...ascending(recalled.fields) };
  const cursor = rows.find({}, { hint: primary.name, sort: ascending(primary.order), projection, raw: true });
  const walk = recalled.walk();
  while (await cursor.hasNext()) {
    for (const bytes of cursor.readBufferedDocuments() as unknown as Buffer[]) {
      walk.next(bytes, bytes.length, copy => decode(BSON.deserialize(copy)));
    }
  }
  return walk.end();
}

/** The options of the `find` that reads a scan: the hint makes sure that nobody sorts and nobody reads the collection. */
function optionsOf(index: Index, scan: Scan) {
  const direction = scan.order === 'desc' ? -1 : 1;
  return {
    hint: index.name,
    sort: index.order.map((field): [string, 1 | -1] => [field, direction]),
    projection: scan.covered ? { _id: 0, ...ascending(index.covered) } : HIDDEN,
    ...(scan.settled && { readConcern: { level: 'majority' } as const }),
  };
}

function tupleOf(index: Index, doc: Doc): Scalar[] {
  return index.tuple.map(field => doc[field] as Scalar);
}
