/** Reading changes without waiting for them. */

import { inSlices } from '../../base/slices.ts';
import type { Changes } from '../../storage/port.ts';
import { type ChangeEvent, eventOf, isFor } from './events.ts';
import type { Reader } from './followers.ts';

/** How many are looked at before whoever gets only a few of them gets those. */
const MOST_LOOKED_AT = 10_000;

/** How many are looked at at once: a slice of the work. */
const PAGE = 100;

/** Changes behind a position, and where to go on; `more`: at once. */
export interface Found {
  readonly events: ChangeEvent[];
  readonly position: string;
  readonly more: boolean;
}

/** The changes that a reader may see, oldest first, `limit` at most. Throws as `Changes.since`. */
export async function readChanges(changes: Changes, reader: Reader, from: string, limit: number): Promise<Found> {
  const slices = inSlices();
  const events: ChangeEvent[] = [];
  let position = from;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += PAGE) {
    const page = await changes.since(reader.accountId, position, PAGE);
    for (const telling of page.items) {
      if (!isFor(reader, telling.doc.key)) continue;
      if (events.length === limit) return { events, position: events.at(-1)?.position ?? position, more: true };
      events.push(eventOf(telling));
    }
    position = page.position;
    if (!page.more) return { events, position, more: false };
    if (events.length === limit) break;
    if (slices.over()) await slices.pause();
  }
  return { events, position, more: true };
}
