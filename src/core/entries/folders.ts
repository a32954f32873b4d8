/** The keys of an account as folders: what a page or a program that goes through them level by level is shown. */

import { InvalidInputError } from '../../base/errors.ts';
import { checkV2Prefix } from '../../base/names.ts';
import { inSlices } from '../../base/slices.ts';
import type { Range } from '../../storage/port.ts';
import { type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { demandPage, textAfter } from './entries.ts';

/** Keys of one folder that are counted: in a page of more than `MANY` folders fewer of each. */
const MOST_COUNTED = { ofFew: 100, ofMany: 20 };
const MANY = 10;

/** Keys read at once. */
const READ = { first: 16, least: 4, most: 256 };

/** Which part of a folder to list. */
export interface FolderQuery {
  /** What all keys begin with; of a folder it ends with the separator. */
  readonly prefix?: string;
  /** One ASCII character; absent: no folders, all keys that begin with `prefix`. */
  readonly separator?: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** Only what stands behind this name, or before that one: `next` and `previous` of another page. Not both. */
  readonly after?: string;
  readonly before?: string;
}

/** A key, or a folder: what keys have in common up to the next separator. */
export type Child =
  | { readonly key: string; readonly size: number | undefined; readonly expires_at: Date | undefined }
  /** `keys` of them were counted, and with `more` there are others. */
  | { readonly folder: string; readonly keys: number; readonly more: boolean };

/** A part of a folder, in byte order. */
export interface FolderPage {
  readonly items: Child[];
  /** For `after`; absent: nothing follows. */
  readonly next?: string;
  /** For `before`; absent: this is the beginning. */
  readonly previous?: string;
}

/**
 * What is in a folder. Reads a few keys of each folder in it, however many those have. Throws `InvalidInputError` (also codes
 * `prefix_invalid`, `limit_invalid`).
 */
export async function listFolder(core: Core, accountId: string, query: FolderQuery): Promise<FolderPage> {
  const { prefix = '', separator, limit, after, before } = query;
  checkV2Prefix(prefix);
  demandPage(limit);
  for (const name of [after, before]) if (name !== undefined) checkV2Prefix(name);
  if (separator !== undefined && !/^[!-~]$/.test(separator)) {
    throw new InvalidInputError('separator: expected one ASCII character', { code: 'prefix_invalid' });
  }
  const names = { prefix, separator };
  const backwards = before !== undefined;
  const found: Found[] = [];
  for await (const child of childrenOf(core, accountId, names, { after, before })) {
    if (found.push(child) > limit) break;
  }
  const isMore = found.length > limit;
  const shown = found.slice(0, limit);
  if (backwards) shown.reverse();
  const folders = shown.filter(({ entry }) => entry === undefined).length;
  const most = folders > MANY ? MOST_COUNTED.ofMany : MOST_COUNTED.ofFew;
  const items = await Promise.all(shown.map(child => describe(core, accountId, child, most)));
  const [first, last] = [shown[0]?.name, shown.at(-1)?.name];
  const next = (backwards || isMore) && last !== undefined ? last : undefined;
  const previous = (backwards ? isMore : after !== undefined) && first !== undefined ? first : undefined;
  return { items, ...(next !== undefined && { next }), ...(previous !== undefined && { previous }) };
}

/** A child by its name; a key has an entry. */
interface Found {
  readonly name: string;
  readonly entry?: EntryDoc;
}

interface Names {
  readonly prefix: string;
  readonly separator: string | undefined;
}

/** In byte order, or the other way round where only those before a name are asked for. */
async function* childrenOf(
  core: Core,
  accountId: string,
  names: Names,
  { after, before }: Pick<FolderQuery, 'after' | 'before'>,
): AsyncGenerator<Found> {
  const entries = core.storage.collection(entriesSpec);
  const order = before === undefined ? 'asc' : 'desc';
  let range = within(rangeOf(accountId, names.prefix), after && behind(names, after), before);
  let limit = READ.first;
  const slices = inSlices();
  while (range !== undefined) {
    const { items, next } = await entries.scan({ ...range, order, limit, covered: true });
    const children = firstOfEach(names, items);
    yield* children;
    const name = children.at(-1)?.name;
    if (next === undefined || name === undefined) return;
    // Past the whole folder, whatever it holds.
    range = order === 'asc' ? within(range, behind(names, name)) : within(range, undefined, name);
    limit = Math.min(Math.max(2 * children.length, READ.least), READ.most);
    if (slices.over()) await slices.pause();
  }
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

async function describe(core: Core, accountId: string, { name, entry }: Found, most: number): Promise<Child> {
  if (entry) return { key: name, size: entry.size, expires_at: entry.expires_at };
  const range = rangeOf(accountId, name);
  const count = await core.storage.collection(entriesSpec).count(range, most + 1);
  return { folder: name, keys: Math.min(count, most), more: count > most };
}

interface Texts extends Range {
  readonly from?: string;
  readonly below?: string;
}

/** The part of a range from one text on and below another; undefined when there is none. */
function within(range: Texts, from = '', below = range.below): Texts | undefined {
  const least = from > (range.from ?? '') ? from : (range.from ?? '');
  const most = range.below !== undefined && (below === undefined || below > range.below) ? range.below : below;
  if (most !== undefined && least >= most) return undefined;
  return { ...range, ...(least !== '' && { from: least }), ...(most !== undefined && { below: most }) };
}

/** The keys that begin with a text. */
function rangeOf(accountId: string, prefix: string): Texts {
  const range = { index: 'listing', prefix: [accountId] };
  return prefix === '' ? range : { ...range, from: prefix, below: textAfter(prefix) };
}

/** The key itself, or the folder it is in. */
function nameOf({ prefix, separator }: Names, key: string): string {
  const at = separator === undefined ? -1 : key.indexOf(separator, prefix.length);
  return at < 0 ? key : key.slice(0, at + 1);
}

function isFolder({ prefix, separator }: Names, name: string): boolean {
  return separator !== undefined && name.length > prefix.length && name.endsWith(separator);
}

/** The first text behind a child and all that is in it; no key has U+0001. */
function behind(names: Names, name: string): string {
  return isFolder(names, name) ? textAfter(name) : `${name}\u0001`;
}
