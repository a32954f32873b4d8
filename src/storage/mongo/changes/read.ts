import { isExpired } from '../../change.ts';
import type { Telling, Tellings } from '../../port.ts';
import { positionGone } from '../../position-gone.ts';
import { decode } from '../documents.ts';
import { hasCode, toStorageError } from '../errors.ts';
import { behind, type Position, textOf } from './position.ts';
import type { Told } from './ring.ts';
import type { Change, Source } from './source.ts';

/** What the server says of a position that it does not have any more, or that is none of its own. */
const LOST = [9, 136, 260, 280, 286, 40649, 50811];

/** Milliseconds after which what was found so far is answered. */
const LONGEST_MS = 1500;

/** Whether a change stream cannot go on from where it was. */
export function isLost(error: unknown): boolean {
  return hasCode(error, ...LOST);
}

/** What a change tells; undefined when the document is gone since, or has ended. */
export function toldOf({ tables }: Source, change: Change, now: number): Told | undefined {
  const table = tables.find(({ rows }) => rows.collectionName === change.ns.coll);
  const at = positionBehind(change);
  const { fullDocument } = change;
  if (table === undefined || at === undefined || !fullDocument || isExpired(table, fullDocument, now)) return undefined;
  const doc = decode(fullDocument);
  const owner = doc[table.spec.owner ?? ''];
  if (typeof owner !== 'string') return undefined;
  return { owner, at, telling: { name: table.spec.name, doc, position: textOf(at) } };
}

/** Just behind a change. */
export function positionBehind({ _id, clusterTime }: Change): Position | undefined {
  const position = behind(_id);
  if (position === undefined || clusterTime === undefined) return position;
  return { ...position, time: clusterTime };
}

/**
 * What was told of an owner behind a position up to now, by a change stream of its own; less when that takes long. Throws `GoneError` (code
 * `cursor_gone`), `StorageUnavailableError`.
 */
export async function readSince(
  source: Source,
  owner: string,
  from: Position,
  { limit, now }: { limit: number; now: () => number },
): Promise<Tellings> {
  const target = await source.now();
  if (from.time.compare(target) > 0) throw positionGone();
  const deadline = performance.now() + LONGEST_MS;
  const stream = source.open(from, owner);
  const items: Telling[] = [];
  let at = from;
  try {
    for (let looked = 0; looked < limit; ) {
      const change = await stream.tryNext();
      if (change === null) {
        const reached = behind(stream.resumeToken);
        at = reached ?? at;
        // The server may have been looking through what others wrote when its time was over.
        if (reached === undefined || reached.time.compare(target) >= 0)
          return { items, position: textOf(at), more: false };
      } else {
        looked++;
        at = positionBehind(change) ?? at;
        const told = toldOf(source, change, now());
        if (told !== undefined) items.push(told.telling);
      }
      if (performance.now() > deadline) break;
    }
    return { items, position: textOf(at), more: true };
  } catch (error) {
    throw isLost(error) ? positionGone(error) : toStorageError(error);
  } finally {
    stream.close().catch(() => {}); // the server forgets it by itself
  }
}
