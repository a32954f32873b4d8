import type { Core } from '../../core/context.ts';
import { pagesOf } from '../../core/pages.ts';
import { punchesSpec } from '../../core/punches/collection.ts';

/** Entries read at a time. */
const PAGE = 1000;

/**
 * The manifest of an account as members of a JSON object, page by page, from an index alone: of each punch its `updated`. `withDeleted` adds the
 * deleted ones with null. Ids are UUIDs and need no escapes.
 */
export async function* manifestPages(core: Core, accountId: string, withDeleted: boolean): AsyncGenerator<string> {
  const punches = core.storage.collection(punchesSpec);
  const range = { index: 'manifest', prefix: [accountId], limit: PAGE, covered: true };
  for await (const page of pagesOf(after => punches.scan({ ...range, ...after }))) {
    let members = '';
    for (const [i, { id, updated }] of page.entries()) {
      if (updated === undefined && !withDeleted) continue;
      // One that is written at this moment may be met twice: it moves on in the index, to right behind itself.
      if (page[i + 1]?.id === id) continue;
      members += `${members === '' ? '' : ','}"${id}":${updated ?? null}`;
    }
    yield members;
  }
}
