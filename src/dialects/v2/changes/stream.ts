import type { Context } from 'koa';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Cursors } from '../../../core/changes/cursors.ts';
import type { ChangeEvent } from '../../../core/changes/events.ts';
import type { Feeds } from '../../../core/changes/feeds.ts';
import type { Following, Reader } from '../../../core/changes/followers.ts';
import { COMMENT, eventText, idText, openEventStream, pieceOf, type StreamPiece } from '../../../http/event-stream.ts';

/** Events as they are written, by the list of them. */
const pieces = new WeakMap<readonly ChangeEvent[], StreamPiece>();

/** Answers with a stream of what happens behind a position; resolves when it is over. Throws as {@link Feeds.demandRoom}. */
export async function streamChanges(
  ctx: Context,
  feeds: Feeds,
  reader: Reader,
  { token }: TokenCaller,
  { cursors, from }: { readonly cursors: Cursors; readonly from: string },
): Promise<void> {
  feeds.demandRoom(reader.accountId);
  let following: Following | undefined;
  const stream = openEventStream(ctx, () => following?.ready());
  stream.write(pieceOf(idText(cursors.of(from))));
  following = feeds.follow(reader, token, from, {
    hear: events => events.length === 0 || stream.write(written(events, cursors)),
    beat: () => stream.write(COMMENT),
    end: why => (why === 'slow' ? stream.cut() : stream.end()),
  });
  await stream.over;
  following.end();
}

/** Events as they are written, which those who are told the same share: also while they are not taken. */
function written(events: readonly ChangeEvent[], cursors: Cursors): StreamPiece {
  const known = pieces.get(events);
  if (known !== undefined) return known;
  const made = pieceOf(events.map(({ type, json, position }) => eventText(type, json, cursors.of(position))).join(''));
  pieces.set(events, made);
  return made;
}
