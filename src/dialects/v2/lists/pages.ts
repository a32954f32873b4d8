/** Lists as they are sent: pages, and all of it line by line. */

import type { Core } from '../../../core/context.ts';
import type { Found } from '../../../core/entries/children.ts';
import { allNames, type ListQuery, listNames, withDocuments } from '../../../core/entries/list.ts';
import { LIST_VALUE_BYTES } from '../numbers.ts';
import { cursorAfter } from './cursor.ts';
import { lineOf, memberText, wholeMember } from './members.ts';

/** Which list of which account. */
export interface Wanted {
  readonly accountId: string;
  readonly query: ListQuery;
  /** With the values. */
  readonly values: boolean;
}

/** How far a page has come. */
interface Progress {
  last: string | undefined;
  /** It ends there, because more values would be too many bytes. */
  isCut: boolean;
}

/** A page as JSON text, in pieces. */
export async function* pageText(core: Core, wanted: Wanted, limit: number): AsyncGenerator<string> {
  const { accountId, query, values } = wanted;
  const { found, more } = await listNames(core, accountId, query, limit);
  const prefixes: string[] = [];
  const progress: Progress = { last: undefined, isCut: false };
  let comma = '';
  yield '{"keys":[';
  for await (const { name, entry } of shownOf(core, wanted, found, progress)) {
    if (entry === undefined) {
      prefixes.push(name);
      continue;
    }
    yield comma;
    comma = ',';
    if (values) yield* wholeMember(core, entry);
    else yield memberText(entry);
  }
  const end = progress.isCut ? progress.last : more ? found.at(-1)?.name : undefined;
  const place = end === undefined ? { complete: true } : { cursor: cursorAfter(query, end), complete: false };
  yield `],"prefixes":${JSON.stringify(prefixes)},${JSON.stringify(place).slice(1)}`;
}

/** What the page shows: of a list with values as much as there is room for, and one at least. */
async function* shownOf(
  core: Core,
  { accountId, values }: Wanted,
  found: readonly Found[],
  progress: Progress,
): AsyncGenerator<Found> {
  let bytes = 0;
  for await (const portion of withDocuments(core, accountId, found, values)) {
    for (const child of portion) {
      if (values) bytes += child.entry?.size ?? 0;
      progress.isCut = bytes > LIST_VALUE_BYTES && progress.last !== undefined;
      if (progress.isCut) return;
      progress.last = child.name;
      yield child;
    }
  }
}

/** All of a list, an entry a line, in pieces. */
export async function* allLines(core: Core, { accountId, query, values }: Wanted): AsyncGenerator<string> {
  for await (const found of allNames(core, accountId, query)) {
    for await (const portion of withDocuments(core, accountId, found, values)) {
      if (values) yield* wholeLines(core, portion);
      else yield portion.map(lineOf).join('');
    }
  }
}

async function* wholeLines(core: Core, portion: readonly Found[]): AsyncGenerator<string> {
  for (const child of portion) {
    if (child.entry === undefined) yield lineOf(child);
    else {
      yield* wholeMember(core, child.entry);
      yield '\n';
    }
  }
}
