/** The shared history of events, read from its first to its last. */

import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../context.ts';
import { bodiesSpec, eventsSpec, type SegmentDoc, segmentsSpec } from '../collections.ts';
import { behind, END, merged, type Placed, placeOf } from './places.ts';
import { eventsOf, FIRST, joined, placed, segmentAt } from './segments.ts';

/** Loose events read at a time. */
const PAGE = 1000;
/** Bytes of long texts that are read at a time, unless a single one is longer. */
const PORTION = 2_097_152;

/** Part of the history: what is behind `after`, up to and with `end`. */
interface Stretch {
  readonly after: string;
  readonly end: string;
}

/**
 * The JSON texts of all events from `from` on (Unix seconds), by timestamp, those of one second as they arrived, with commas between them; in
 * portions that are read when they are asked for. `noteLoose` is told how many were not in segments, at most a page.
 */
export async function* textsFrom(
  core: Core,
  from: number | undefined,
  noteLoose: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  const events = core.storage.collection(eventsSpec);
  let after = from === undefined ? '' : placeOf(from, 0);
  let id = after === '' ? FIRST : ((await segmentAt(core, after))?.id ?? FIRST);
  const slices = inSlices();
  for (;;) {
    // Before the segments: what is put into one meanwhile is met there once more, and not missed.
    const { items, next } = await events.scan({ index: 'loose', from: behind(after), limit: PAGE });
    noteLoose(items.length);
    const end = next === undefined ? END : (items.at(-1)?.place ?? END);
    let loose = items.map(placed);
    for (;;) {
      const segment = await core.storage.collection(segmentsSpec).get([id]);
      const { next, next_start = END } = segment ?? {};
      const within = loose.filter(({ place }) => place < next_start);
      loose = loose.slice(within.length);
      yield* textsOf(core, segment, within, { after, end });
      if (next === undefined || next_start > end) break;
      id = next;
      if (slices.over()) await slices.pause();
    }
    if (end === END) return;
    after = end;
  }
}

/** What a segment and loose events give to a stretch. */
async function* textsOf(
  core: Core,
  segment: SegmentDoc | undefined,
  loose: readonly Placed[],
  { after, end }: Stretch,
): AsyncGenerator<Uint8Array> {
  if (segment === undefined) return yield* textsOfEvents(core, loose);
  const { start = '', last, long, text } = segment;
  const isWhole = loose.length === 0 && long === 0 && last <= end && (start > after || after === '');
  if (!isWhole) {
    const own = eventsOf(segment).filter(({ place }) => place > after && place <= end);
    return yield* textsOfEvents(core, merged(own, loose));
  }
  if (text.length > 0) yield text;
}

async function* textsOfEvents(core: Core, events: readonly Placed[]): AsyncGenerator<Uint8Array> {
  for (const portion of portionsOf(events)) {
    const long = portion.flatMap(({ body_hash }) => body_hash ?? []);
    const docs = long.length === 0 ? [] : await core.storage.collection(bodiesSpec).getMany(long.map(hash => [hash]));
    const bodies = new Map(docs.flatMap(doc => (doc ? [[doc.hash, Buffer.from(doc.body)]] : [])));
    yield joined(portion.flatMap(({ text, body_hash = '' }) => text ?? bodies.get(body_hash) ?? []));
  }
}

/** The events in parts, whose long texts are no more than may be read at a time. */
function* portionsOf(events: readonly Placed[]): Generator<Placed[]> {
  let portion: Placed[] = [];
  let size = 0;
  for (const event of events) {
    const added = event.text === undefined ? event.size : 0;
    if (size > 0 && size + added > PORTION) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(event);
    size += added;
  }
  if (portion.length > 0) yield portion;
}
