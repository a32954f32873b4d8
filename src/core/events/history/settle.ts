/** Putting events that lie loose into segments: whoever does it, wherever it breaks off, readers meet each event once. */

import type { Core } from '../../context.ts';
import { newId } from '../../ids.ts';
import { pagesOf } from '../../pages.ts';
import { type EventDoc, eventsSpec, type SegmentDoc, segmentsSpec } from '../collections.ts';
import { END, merged, type Placed } from './places.ts';
import { beginSegments, contentOf, divided, eventsOf, placed, segmentAt } from './segments.ts';

/** Events put away at a time. */
const PORTION = 1000;
/** Events forgotten at a time: each of these writes has to be answered in time. */
const SIDE_BY_SIDE = 32;

/** Puts all loose events away; those where another process does the same may stay for the next time. */
export async function settle(core: Core): Promise<void> {
  const events = core.storage.collection(eventsSpec);
  for await (const page of pagesOf(after => events.scan({ index: 'loose', limit: PORTION, ...after }))) {
    if (page.length > 0) await settlePage(core, page);
  }
}

async function settlePage(core: Core, page: readonly EventDoc[]): Promise<void> {
  let rest = page;
  while (rest[0]?.place !== undefined) {
    const segment = await segmentAt(core, rest[0].place);
    if (segment === undefined) {
      await beginSegments(core);
      continue;
    }
    const { next_start = END } = segment;
    const within = rest.filter(({ place = '' }) => place < next_start);
    rest = rest.slice(within.length);
    if (await putInto(core, segment, within.map(placed))) await forget(core, within);
  }
}

/**
 * Puts events into a segment, all or none; returns whether. What the segment is to hold no more is in the chain in the same moment as it is
 * cut off: new segments are made first, seen by nobody, and then the changed one names them.
 */
async function putInto(core: Core, segment: SegmentDoc, own: readonly Placed[]): Promise<boolean> {
  const segments = core.storage.collection(segmentsSpec);
  const [kept = [], ...others] = divided(merged(eventsOf(segment), own));
  const starts = others.map(part => part[0]?.place ?? '');
  const ids = others.map(() => newId());
  /** What stands in the segment before the one with this number. */
  const naming = (i: number) => {
    const [next = segment.next, next_start = segment.next_start] = [ids[i], starts[i]];
    return next === undefined || next_start === undefined ? {} : { next, next_start };
  };
  await Promise.all(
    others.map((part, i) => segments.insert({ id: ids[i] ?? '', ...contentOf(part), ...naming(i + 1) })),
  );
  const changed = { ...contentOf(kept), ...naming(0) };
  const done = await segments.update([segment.id], { set: changed }, { version: segment.version });
  await Promise.all(
    ids.map((id, i) => (done ? segments.update([id], { set: { start: starts[i] ?? '' } }) : segments.delete([id]))),
  );
  return done !== undefined;
}

/** Leaves nothing but their hashes. */
async function forget(core: Core, settled: readonly EventDoc[]): Promise<void> {
  const events = core.storage.collection(eventsSpec);
  for (let at = 0; at < settled.length; at += SIDE_BY_SIDE) {
    await Promise.all(settled.slice(at, at + SIDE_BY_SIDE).map(({ hash }) => events.put({ hash })));
  }
}
