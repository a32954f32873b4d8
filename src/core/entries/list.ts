/** Lists of entries as v2 has them: those a token can read, with folders, and with their values (v2.md, section 3). */

import { inSlices } from '../../base/slices.ts';
import { type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { childrenOf, type Found, type Names } from './children.ts';

/** Documents that are read at once, and about how many bytes they may have together. */
const DOCUMENTS = 64;
const BYTES = 1_048_576;

/** What to list. */
export interface ListQuery extends Names {
  /** Only what stands behind this name. */
  readonly after?: string | undefined;
  /** Beginnings of the only keys that are shown, none within another. */
  readonly among: readonly string[];
}

/** The names behind another, `limit` at most, and whether more follow. */
export async function listNames(
  core: Core,
  accountId: string,
  query: ListQuery,
  limit: number,
): Promise<{ readonly found: readonly Found[]; readonly more: boolean }> {
  const found: Found[] = [];
  for await (const children of childrenOf(core, accountId, { ...query, wanted: limit + 1 })) {
    found.push(...children);
    if (found.length > limit) return { found: found.slice(0, limit), more: true };
  }
  return { found, more: false };
}

/** All names behind another, as many at a time as were read together. */
export function allNames(core: Core, accountId: string, query: ListQuery): AsyncGenerator<readonly Found[]> {
  return childrenOf(core, accountId, { ...query, wanted: Number.POSITIVE_INFINITY });
}

/**
 * The same with the documents of those that are to be `whole`, in their order, a few at a time. A list does not have what tells type and size of
 * an entry of the original service: of such an entry the document is given in any case. Whatever is gone meanwhile is left out.
 */
export async function* withDocuments(
  core: Core,
  accountId: string,
  found: readonly Found[],
  whole: boolean,
): AsyncGenerator<readonly Found[]> {
  const slices = inSlices();
  for (let at = 0; at < found.length; ) {
    const portion = portionOf(found, at, whole);
    at += portion.length;
    yield await completed(core, accountId, portion, whole);
    if (slices.over()) await slices.pause();
  }
}

function isLacking({ entry }: Found, whole: boolean): boolean {
  return entry !== undefined && (whole || entry.etag === undefined);
}

/** As many as can be read at once; of values whose size is not known, one. */
function portionOf(found: readonly Found[], start: number, whole: boolean): readonly Found[] {
  let documents = 0;
  let bytes = 0;
  let at = start;
  for (; at < found.length; at++) {
    const child = found[at] as Found;
    if (!isLacking(child, whole)) continue;
    documents++;
    bytes += child.entry?.blob === undefined ? (child.entry?.size ?? BYTES) : 0;
    if (at > start && (documents > DOCUMENTS || bytes > BYTES)) break;
  }
  return found.slice(start, at);
}

async function completed(
  core: Core,
  accountId: string,
  portion: readonly Found[],
  whole: boolean,
): Promise<readonly Found[]> {
  const lacking = portion.filter(child => isLacking(child, whole));
  if (lacking.length === 0) return portion;
  const documents = await core.storage.collection(entriesSpec).getMany(lacking.map(({ name }) => [accountId, name]));
  const byName = new Map<string, EntryDoc | undefined>(lacking.map(({ name }, i) => [name, documents[i]]));
  return portion.flatMap(child => {
    if (!byName.has(child.name)) return [child];
    const entry = byName.get(child.name);
    return entry === undefined ? [] : [{ name: child.name, entry }];
  });
}
