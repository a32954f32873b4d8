/** Lists that people look through: they are filtered by what somebody types, sorted, and come in pages that have numbers. */

import { firstInSlices, sortInSlices } from '../base/slices.ts';
import type { Collection, Range, Scalar } from '../storage/port.ts';
import { pagesOf } from './pages.ts';

/** Entries of an index read at once. */
const PAGE = 500;

/** Rows that something is read for at once. */
const AT_ONCE = 10;

/** Most rows of a page. */
export const MOST_PER_PAGE = 100;

/** Nothing but ASCII. */
const ASCII = /^[ -~]*$/;

/** Characters of a filter that count. */
export const FILTER_CHARACTERS = 160;

/** Which page of a list is asked for. */
export interface PageQuery {
  /** From 1 on; one behind the last page is the last one. */
  readonly page: number;
  /** At most `MOST_PER_PAGE` count. */
  readonly perPage: number;
}

/** A page of a list. */
export interface Listed<T> {
  readonly items: readonly T[];
  /** Rows of all pages. */
  readonly total: number;
  /** The one that is shown. */
  readonly page: number;
  /** How many there are; at least 1. */
  readonly pages: number;
  readonly perPage: number;
}

/** Where the page that is asked for lies in so many rows: `start` is the index of its first one. */
export function placeIn(total: number, query: PageQuery): Omit<Listed<never>, 'items'> & { readonly start: number } {
  const perPage = Math.min(Math.max(1, query.perPage), MOST_PER_PAGE);
  const pages = Math.max(1, Math.ceil(total / perPage));
  const page = Math.min(Math.max(1, query.page), pages);
  return { total, page, pages, perPage, start: (page - 1) * perPage };
}

/** The page of these rows. */
export function pageOf<T>(rows: readonly T[], query: PageQuery): Listed<T> {
  const { start, ...place } = placeIn(rows.length, query);
  return { ...place, items: rows.slice(start, start + place.perPage) };
}

/** Rows of a page and all before it that are found without sorting the others. */
const FIRST = 500;

/** The page of these rows once they are sorted; `compare` calls no two of them equal. In slices. */
export async function pageInOrder<T>(
  rows: readonly T[],
  compare: (a: T, b: T) => number,
  query: PageQuery,
): Promise<Listed<T>> {
  const { start, ...place } = placeIn(rows.length, query);
  const end = start + place.perPage;
  const sorted = end > FIRST ? await sortInSlices(rows, compare) : await firstInSlices(rows, compare, end);
  return { ...place, items: sorted.slice(start, end) };
}

/**
 * The page of a range, from its end on. No document is read but those of the page: the others are counted by their index, `most`
 * of them at most; `more` says whether there are more.
 */
export async function pageOfRange<T>(
  collection: Collection<T>,
  range: Range,
  keyOf: (item: T) => readonly Scalar[],
  query: PageQuery,
  most = Number.MAX_SAFE_INTEGER - 1,
): Promise<Listed<T> & { readonly more: boolean }> {
  const count = await collection.count(range, most + 1);
  const { start, ...place } = placeIn(Math.min(count, most), query);
  const end = start + place.perPage;
  const keys: (readonly Scalar[])[] = [];
  const scan = { ...range, order: 'desc', covered: true, limit: PAGE } as const;
  for await (const page of pagesOf(after => collection.scan({ ...scan, ...after }))) {
    for (const item of page) keys.push(keyOf(item));
    if (keys.length >= end) break;
  }
  const items = await collection.getMany(keys.slice(start, end));
  return { ...place, items: items.filter(item => item !== undefined), more: count > most };
}

/** What the work reads for each row, some rows at a time: a hundred reads at once are more than a small database answers in time. */
export async function forEachRow<T, R>(rows: readonly T[], work: (row: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    results.push(...(await Promise.all(rows.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}

/** A filter as it is compared: the first 160 characters, composed, in lower case. */
export function filterOf(text: string | undefined): string {
  return folded((text ?? '').slice(0, FILTER_CHARACTERS));
}

/** Whether one of the texts contains the filter, in any letter case; an empty filter is in all. `filter` is from `filterOf`. */
export function contains(filter: string, ...texts: readonly (string | undefined)[]): boolean {
  return filter === '' || texts.some(text => text !== undefined && folded(text).includes(filter));
}

/** Orders texts by their UTF-8 bytes, as the storage does. */
export function compareTexts(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of a pair stand for what comes behind all that have one unit. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function folded(text: string): string {
  // Most texts are of ASCII, which is composed: to find that out costs far less.
  return (ASCII.test(text) ? text : text.normalize('NFC')).toLowerCase();
}
