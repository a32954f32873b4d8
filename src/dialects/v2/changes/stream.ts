import type { Context } from 'koa';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Cursors } from '../../../core/changes/cursors.ts';
import type { ChangeEvent } from '../../../core/changes/events.ts';
import type { Feeds } from '../../../core/changes/feeds.ts';
import type { Following, Reader } from '../../../core/changes/followers.ts';
import { COMMENT, eventText, idText, openEventStream } from '../../../http/event-stream.ts';

/** Texts of events, which all who follow the account get. */
const texts = new WeakMap<ChangeEvent, string>();

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
    hear: events => events.length === 0 || stream.write(events.map(event => textOf(event, cursors)).join('')),
    beat: () => stream.write(COMMENT),
    end: why => (why === 'slow' ? stream.cut() : stream.end()),
  });
  await stream.over;
  following.end();
}

function textOf(event: ChangeEvent, cursors: Cursors): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = eventText(event.type, event.json, cursors.of(event.position));
  texts.set(event, text);
  return text;
}
