import type { Context } from 'koa';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Cursors } from '../../../core/changes/cursors.ts';
import type { ChangeEvent } from '../../../core/changes/events.ts';
import type { Feeds } from '../../../core/changes/feeds.ts';
import type { Following, Reader } from '../../../core/changes/followers.ts';
import { COMMENT, eventText, idText, openEventStream } from '../../../http/event-stream.ts';

/** Bytes of events, by the list of them. */
const bytes = new WeakMap<readonly ChangeEvent[], Buffer>();

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
  stream.write(idText(cursors.of(from)));
  following = feeds.follow(reader, token, from, {
    hear: events => events.length === 0 || stream.write(bytesOf(events, cursors)),
    beat: () => stream.write(COMMENT),
    end: why => (why === 'slow' ? stream.cut() : stream.end()),
  });
  await stream.over;
  following.end();
}

/** The bytes of events, which those who are told the same share: also while they are not taken. */
function bytesOf(events: readonly ChangeEvent[], cursors: Cursors): Buffer {
  const known = bytes.get(events);
  if (known !== undefined) return known;
  const made = Buffer.from(
    events.map(({ type, json, position }) => eventText(type, json, cursors.of(position))).join(''),
  );
  bytes.set(events, made);
  return made;
}
