/** The keys of an account in byte order, those behind a separator as one: read at the cost of what is shown, not of what is there. */

import { inSlices } from '../../base/slices.ts';
import type { Range } from '../../storage/port.ts';
import { type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { textAfter } from './entries.ts';

/** Keys read at once where there are folders, which are passed over. */
const READ = { first: 16, least: 4, most: 256 };

/** Most keys read at once where every one is shown: of a page, and of a list that has none, so that others have their turn. */
const PAGE = 1000;
const ENDLESS = 250;

/** How names are made of keys. */
export interface Names {
  /** What all keys begin with; of a folder it ends with the separator. */
  readonly prefix: string;
  /** Absent: no folders, all keys that begin with `prefix`. */
  readonly separator: string | undefined;
}

/** What to go through. */
export interface Walk extends Names {
  /** Only what stands behind this name, or before that one: not both. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** Beginnings of the only keys that are looked at, none within another; absent: all. */
  readonly among?: readonly string[] | undefined;
  /** How many names are wanted, about. */
  readonly wanted: number;
}

/** A child by its name: a key has an entry, without its value; otherwise it is a folder, which ends with the separator. */
export interface Found {
  readonly name: string;
  readonly entry?: EntryDoc;
}

/** In byte order, or the other way round where only those before a name are asked for; as many at a time as were read together. */
export async function* childrenOf(core: Core, accountId: string, walk: Walk): AsyncGenerator<readonly Found[]> {
  const entries = core.storage.collection(entriesSpec);
  const { separator, wanted } = walk;
  const order = walk.before === undefined ? 'asc' : 'desc';
  let limit = separator === undefined ? Math.min(wanted, mostOf(walk)) : READ.first;
  let from = walk.after && behind(walk, walk.after);
  let below = walk.before;
  const slices = inSlices();
  for (const prefix of beginningsOf(walk, order)) {
    let range = cut(rangeOf(accountId, prefix), from, below);
    while (range !== undefined) {
      const { items, next } = await entries.scan({ ...range, order, limit, covered: true });
      const children = firstOfEach(walk, items);
      yield children;
      const name = children.at(-1)?.name;
      if (name === undefined) break;
      // Past the whole folder, whatever it holds.
      if (order === 'asc') from = behind(walk, name);
      else below = name;
      if (next === undefined) break;
      range = cut(range, from, below);
      limit = nextLimit(walk, limit, children.length);
      if (slices.over()) await slices.pause();
    }
  }
}

/** Keys that begin with the same and are looked at, in the order of the walk. */
function beginningsOf({ prefix, among = [''] }: Walk, order: 'asc' | 'desc'): string[] {
  const beginnings = among.flatMap(one => {
    if (one.startsWith(prefix)) return [one];
    return prefix.startsWith(one) ? [prefix] : [];
  });
  beginnings.sort();
  return order === 'asc' ? beginnings : beginnings.reverse();
}

function mostOf({ wanted }: Walk): number {
  return Number.isFinite(wanted) ? PAGE : ENDLESS;
}

function nextLimit(walk: Walk, limit: number, found: number): number {
  if (walk.separator === undefined) return Math.min(2 * limit, mostOf(walk));
  return Math.min(Math.max(2 * found, READ.least), READ.most);
}

/** The children that keys belong to which follow one another. */
function firstOfEach(names: Names, entries: readonly EntryDoc[]): Found[] {
  const found: Found[] = [];
  for (const entry of entries) {
    const name = nameOf(names, entry.key);
    if (name === found.at(-1)?.name) continue;
    found.push(isFolder(names, name) ? { name } : { name, entry });
  }
  return found;
}

interface Texts extends Range {
  readonly from?: string;
  readonly below?: string;
}

/** The part of a range from one text on and below another; undefined when there is none. */
function cut(range: Texts, from = '', below = range.below): Texts | undefined {
  const least = from > (range.from ?? '') ? from : (range.from ?? '');
  const most = range.below !== undefined && (below === undefined || below > range.below) ? range.below : below;
  if (most !== undefined && least >= most) return undefined;
  return { ...range, ...(least !== '' && { from: least }), ...(most !== undefined && { below: most }) };
}

/** The keys that begin with a text. */
export function rangeOf(accountId: string, prefix: string): Texts {
  const range = { index: 'listing', prefix: [accountId] };
  return prefix === '' ? range : { ...range, from: prefix, below: textAfter(prefix) };
}

/** The key itself, or the folder it is in. */
function nameOf({ prefix, separator }: Names, key: string): string {
  const at = separator === undefined ? -1 : key.indexOf(separator, prefix.length);
  return at < 0 || separator === undefined ? key : key.slice(0, at + separator.length);
}

function isFolder({ prefix, separator }: Names, name: string): boolean {
  return separator !== undefined && name.length > prefix.length && name.endsWith(separator);
}

/** The first text behind a child and all that is in it; no key has U+0001. */
function behind(names: Names, name: string): string {
  return isFolder(names, name) ? textAfter(name) : `${name}\u0001`;
}
