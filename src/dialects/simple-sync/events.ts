/** The shared history of events: it only ever grows. */

import type { Core } from '../../core/context.ts';
import { pagesOf } from '../../core/pages.ts';
import { bodiesSpec, type EventDoc, eventsSpec } from './collections.ts';

/** Events read at a time. */
const PAGE = 1000;
/** Characters of long texts that are read at a time, unless a single one is longer. */
const PORTION = 2_097_152;

/**
 * The JSON texts of all events from `from` on (Unix seconds), by timestamp, those of one second as they arrived; in portions
 * that are read when they are asked for.
 */
export async function* history(core: Core, from?: number): AsyncGenerator<string[]> {
  const events = core.storage.collection(eventsSpec);
  const range = { index: 'history', limit: PAGE, ...(from !== undefined && { from }) };
  for await (const page of pagesOf(after => events.scan({ ...range, ...after }))) {
    for (const portion of portionsOf(page)) yield textsOf(core, portion);
  }
}

async function textsOf(core: Core, events: readonly EventDoc[]): Promise<string[]> {
  const long = events.flatMap(({ body_hash }) => body_hash ?? []);
  if (long.length === 0) return events.flatMap(({ body }) => body ?? []);
  const docs = await core.storage.collection(bodiesSpec).getMany(long.map(hash => [hash]));
  const bodies = new Map(docs.flatMap(doc => (doc ? [[doc.hash, doc.body]] : [])));
  return events.flatMap(({ body, body_hash = '' }) => body ?? bodies.get(body_hash) ?? []);
}

/** The page in parts, whose long texts are no more than may be read at a time. */
function* portionsOf(page: readonly EventDoc[]): Generator<EventDoc[]> {
  let portion: EventDoc[] = [];
  let size = 0;
  for (const event of page) {
    const added = event.body === undefined ? event.size : 0;
    if (size > 0 && size + added > PORTION) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(event);
    size += added;
  }
  yield portion;
}
