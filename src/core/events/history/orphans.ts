/** Segments that no other names: what a process has left that died before it could name them. */

import type { Core } from '../../context.ts';
import { newId } from '../../ids.ts';
import { pagesOf } from '../../pages.ts';
import { type SegmentDoc, segmentsSpec } from '../collections.ts';
import { eventsOf, segmentAt } from './segments.ts';

/** Index entries read at a time. */
const PAGE = 1000;

/**
 * Removes segments that are in no history. Somebody may be about to name one: he does that by changing the segment that holds the same part of
 * the history, if it is as he read it. So that one gets another version first, and from then on nobody can name it any more.
 */
export async function removeOrphans(core: Core): Promise<void> {
  const segments = core.storage.collection(segmentsSpec);
  for (const id of await unstarted(core)) {
    const found = await segments.get([id]);
    const place = found && eventsOf(found)[0]?.place;
    if (found === undefined || place === undefined) continue;
    const holder = await segmentAt(core, place);
    if (holder?.id === id) {
      // It is one of the chain, of which nobody got to note that it is begun.
      await segments.update([id], { set: { start: place } }, { version: holder.version });
    } else if (holder && (await lock(core, holder))) {
      await segments.delete([id], { version: found.version });
    }
  }
}

async function lock(core: Core, { id, version }: SegmentDoc): Promise<boolean> {
  const segments = core.storage.collection(segmentsSpec);
  return (await segments.update([id], { set: { version: newId() } }, { version })) !== undefined;
}

/** The ids of all that are not noted as begun: they are not named by another, or hardly are. */
async function unstarted(core: Core): Promise<string[]> {
  const segments = core.storage.collection(segmentsSpec);
  const ids = new Set<string>();
  for await (const page of pagesOf(after => segments.scan({ covered: true, limit: PAGE, ...after }))) {
    for (const { id } of page) ids.add(id);
  }
  const begun = { index: 'starts', covered: true, limit: PAGE };
  for await (const page of pagesOf(after => segments.scan({ ...begun, ...after }))) {
    for (const { id } of page) ids.delete(id);
  }
  return [...ids];
}
