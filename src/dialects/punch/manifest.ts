import type { Core } from '../../core/context.ts';
import { pagesOf } from '../../core/pages.ts';
import { punchesSpec } from './collections.ts';

/** Entries read at a time. */
const PAGE = 1000;

/** A punch in the manifest: its `updated`, or null when it was deleted. */
export type ManifestEntry = readonly [id: string, updated: number | null];

/** The manifest of an account, page by page, from an index alone; `withDeleted` adds the deleted punches. */
export async function* manifestPages(
  core: Core,
  accountId: string,
  withDeleted: boolean,
): AsyncGenerator<readonly ManifestEntry[]> {
  const punches = core.storage.collection(punchesSpec);
  const range = { index: 'manifest', prefix: [accountId], limit: PAGE, covered: true };
  for await (const page of pagesOf(after => punches.scan({ ...range, ...after }))) {
    // One that is written at this moment may be met twice: it moves on in the index, to right behind itself.
    const entries = new Map(page.map(({ id, updated = null }) => [id, updated]));
    yield withDeleted ? [...entries] : [...entries].filter(([, updated]) => updated !== null);
  }
}
