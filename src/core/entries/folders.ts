/** The keys of an account as folders: what a page or a program that goes through them level by level is shown. */

import { InvalidInputError } from '../../base/errors.ts';
import { checkV2Prefix } from '../../base/names.ts';
import { entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { childrenOf, type Found, rangeOf } from './children.ts';
import { demandPage } from './entries.ts';

/** Keys of one folder that are counted: in a page of more than `MANY` folders fewer of each. */
const MOST_COUNTED = { ofFew: 100, ofMany: 20 };
const MANY = 10;

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
  const backwards = before !== undefined;
  const found: Found[] = [];
  for await (const children of childrenOf(core, accountId, { prefix, separator, after, before, wanted: limit + 1 })) {
    if (found.push(...children) > limit) break;
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

async function describe(core: Core, accountId: string, { name, entry }: Found, most: number): Promise<Child> {
  if (entry) return { key: name, size: entry.size, expires_at: entry.expires_at };
  const range = rangeOf(accountId, name);
  const count = await core.storage.collection(entriesSpec).count(range, most + 1);
  return { folder: name, keys: Math.min(count, most), more: count > most };
}
