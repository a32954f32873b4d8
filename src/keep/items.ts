/** What a copy of a storage is made of, on its way from one place to another. */

import type { AnyDoc, CollectionSpec } from '../storage/port.ts';

/** A collection, of whatever documents. */
export type Spec = CollectionSpec<never>;

/** A document, a counter, a secret or a content is one record. */
export type Item =
  /** Documents of one collection, in the order of their keys. What follows of it comes behind them. */
  | { readonly in: string; readonly docs: readonly AnyDoc[] }
  | { readonly counter: string; readonly value: number }
  | { readonly secret: string; readonly value: string }
  /** To be read to its end before the next item is asked for. It may throw {@link UnsoundContent} at its end. */
  | { readonly blob: string; readonly size: number; readonly content: AsyncIterable<Uint8Array> }
  /** When the documents were as they are here; `oneMoment`: all of them. */
  | { readonly moment: Date; readonly oneMoment: boolean };

/** What a copy holds, in the order in which it is read. */
export type Items = AsyncIterable<Item>;

/** How many records there were. */
export interface Totals {
  /** By collection; every collection that was looked at. */
  readonly documents: Record<string, number>;
  counters: number;
  secrets: number;
  blobs: number;
  /** Of the blobs. */
  bytes: number;
  /** SHA-256 of contents that documents refer to, and that the storage did not have, or not as they were stored. */
  readonly missing: string[];
}

/** No record yet, of these collections. */
export function noTotals(collections: readonly string[]): Totals {
  const documents = Object.fromEntries(collections.map(name => [name, 0]));
  return { documents, counters: 0, secrets: 0, blobs: 0, bytes: 0, missing: [] };
}

/** All documents together. */
export function documentsIn({ documents }: Totals): number {
  return Object.values(documents).reduce((sum, count) => sum + count, 0);
}

/** What was read is not the content it is called. */
export class UnsoundContent extends Error {
  readonly sha256: string;

  constructor(sha256: string) {
    super(`the content ${sha256} is not what was stored`);
    this.sha256 = sha256;
  }
}
