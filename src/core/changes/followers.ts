/** Who follows the changes of an account, and what he is given. */

import type { Scopes } from '../access/scopes.ts';
import type { TokenDoc } from '../collections.ts';
import type { ChangeEvent } from './events.ts';

/** Whose changes somebody reads, and which of them. */
export interface Reader {
  readonly accountId: string;
  readonly scopes: Scopes;
  /** Beginning of the keys that he asked for. */
  readonly prefix: string;
}

/** Why a follower gets nothing more: his token ended, what he would go on from is gone, he does not read, or the server stops. */
export type End = 'token' | 'gone' | 'slow' | 'stopping';

/** Where a follower is told. */
export interface Ear {
  /**
   * Told what has happened, perhaps nothing, and where to go on. Returns false when it can take no more at the moment; then
   * {@link Following.ready} is to be called.
   */
  hear(events: readonly ChangeEvent[], position: string): boolean;
  /** Called now and then while nothing happens. */
  beat?(): void;
  /** Called once, at the end, unless it was the follower who ended it. */
  end(why: End): void;
}

/** Somebody who follows, until he ends it. */
export interface Following {
  /** He can take more. */
  ready(): void;
  end(): void;
}

/** A follower as he is kept. */
export interface Follower {
  readonly reader: Reader;
  readonly token: TokenDoc;
  readonly ear: Ear;
  position: string;
  /** Whether he was told of all that there was when he came. */
  caughtUp: boolean;
  /** Since when he can take no more, by the clock that only goes forward (milliseconds). */
  busySince: number | undefined;
  beatAt: number;
  over: boolean;
}
