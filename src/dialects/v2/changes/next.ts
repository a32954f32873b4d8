import { GoneError, UnauthorizedError } from '../../../base/errors.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { ChangeEvent } from '../../../core/changes/events.ts';
import type { Feeds } from '../../../core/changes/feeds.ts';
import type { End, Reader } from '../../../core/changes/followers.ts';

/** What a request waited for, and where to go on. */
export interface Next {
  readonly events: readonly ChangeEvent[];
  readonly position: string;
}

/** For how many changes somebody waits, for how many milliseconds at most, and what ends it before. */
export interface Patience {
  readonly limit: number;
  readonly wait: number;
  /** Called with what is to be called when nobody waits any more. */
  readonly onHangUp: (hangUp: () => void) => void;
}

/**
 * The next changes behind a position, as soon as there are any; none when the time is over. Throws `UnauthorizedError` when the token
 * ends meanwhile, `GoneError` (code `cursor_gone`), and as {@link Feeds.follow}.
 */
export function nextChanges(
  feeds: Feeds,
  reader: Reader,
  { token }: TokenCaller,
  from: string,
  { limit, wait, onHangUp }: Patience,
): Promise<Next> {
  return new Promise((resolve, reject) => {
    let position = from;
    const settle = (events: readonly ChangeEvent[]) => {
      clearTimeout(timer);
      following.end();
      resolve({ events, position });
    };
    const following = feeds.follow(reader, token, from, {
      hear(all, behind) {
        const events = all.slice(0, limit);
        position = all.length > limit ? (events.at(-1)?.position ?? position) : behind;
        if (events.length > 0) settle(events);
        return true;
      },
      end(why) {
        clearTimeout(timer);
        if (why === 'stopping') resolve({ events: [], position });
        else reject(refusalOf(why));
      },
    });
    const timer = setTimeout(() => settle([]), wait).unref();
    onHangUp(() => settle([]));
  });
}

function refusalOf(why: End): Error {
  if (why === 'token') return new UnauthorizedError('the token was revoked, or has expired');
  return new GoneError('the cursor is older than the history: list again', { code: 'cursor_gone' });
}
