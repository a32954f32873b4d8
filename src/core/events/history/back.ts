/** The shared history walked from its end to its beginning. */

import type { Core } from '../../context.ts';
import { type EventDoc, eventsSpec, type SegmentDoc, segmentsSpec } from '../collections.ts';
import { behind, END, merged, type Placed } from './places.ts';
import { eventsOf, placed } from './segments.ts';

/** Loose events read at a time. */
const PAGE = 500;

/** A stretch of the history: its events, the last first, and the place it begins at. */
export interface Stretch {
  readonly from: string;
  readonly events: readonly Placed[];
}

/** What to read of a segment: all of its events, or none where that says so. */
export type Wanted = (segment: SegmentDoc) => boolean;

/**
 * The history before a place, in stretches, the last first: each event once. Of segments that `wanted` refuses nothing is read; loose events
 * are there in any case.
 */
export async function* stretchesBefore(
  core: Core,
  place: string = END,
  wanted: Wanted = () => true,
): AsyncGenerator<Stretch> {
  let before = place;
  let loose = await looseBefore(core, before);
  while (before !== '') {
    if (before <= loose.from) loose = await looseBefore(core, before);
    // After the loose ones: what was put away meanwhile is met here once more, and not missed.
    const { segment, start } = await segmentBefore(core, before);
    const from = laterOf(start, loose.from);
    const within = ({ place }: Placed) => place >= from && place < before;
    const own = segment !== undefined && wanted(segment) ? eventsOf(segment) : [];
    yield { from, events: merged(own.filter(within), loose.events.filter(within)).reverse() };
    before = from;
  }
}

/** The event at a place. */
export async function eventAt(core: Core, place: string): Promise<Placed | undefined> {
  for await (const { from, events } of stretchesBefore(core, behind(place))) {
    if (from <= place) return events.find(event => event.place === place);
  }
  return undefined;
}

/** The last loose events before a place, from its beginning on in order, and where they begin: all that are behind that are among them. */
async function looseBefore(core: Core, before: string): Promise<{ from: string; events: Placed[] }> {
  const events = core.storage.collection(eventsSpec);
  const { items, next } = await events.scan({ index: 'loose', below: before, order: 'desc', limit: PAGE });
  const places = items.map((doc: EventDoc) => placed(doc)).reverse();
  return { from: next === undefined ? '' : (places[0]?.place ?? ''), events: places };
}

/** The segment that holds what is right before a place, and where it starts. Those that nobody noted as begun are found from the one before. */
async function segmentBefore(core: Core, place: string): Promise<{ segment: SegmentDoc | undefined; start: string }> {
  const segments = core.storage.collection(segmentsSpec);
  const { items } = await segments.scan({ index: 'starts', below: place, order: 'desc', limit: 1 });
  let segment = items[0];
  let start = segment?.start ?? '';
  while (segment?.next !== undefined && segment.next_start !== undefined && segment.next_start < place) {
    start = segment.next_start;
    segment = await segments.get([segment.next]);
  }
  return { segment, start };
}

function laterOf(a: string, b: string): string {
  if (a > b) return a;
  return b;
}
