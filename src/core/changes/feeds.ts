/** All who follow changes in this process: how many there may be, and who is ended. */

import { RateLimitedError, ServerBusyError } from '../../base/errors.ts';
import { inSlices } from '../../base/slices.ts';
import type { TokenDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { type Cursors, cursorsOf } from './cursors.ts';
import { Feed, type Shared } from './feed.ts';
import type { Ear, End, Follower, Following, Reader } from './followers.ts';
import { LiveTokens } from './live-tokens.ts';

/** Milliseconds between two looks at all of them: a revoked token ends what it opened within a second. */
const TICK_MS = 700;

/** Milliseconds after which those to whom nothing happened are given a sign of life. */
const BEAT_MS = 15_000;

/** Milliseconds for which a follower may take nothing before he is cut off. */
const BUSY_MS = 30_000;

/** Seconds after which it makes sense to try again where there are too many. */
const RETRY = { account: 10, all: 5, stopping: 2 };

/** How many may follow at once. */
export interface FollowerLimits {
  /** Of one account. */
  readonly followers: number;
  readonly all_followers: number;
}

/** Followers of all accounts. */
export class Feeds {
  readonly #core: Core;
  readonly #limits: () => FollowerLimits;
  readonly #feeds = new Map<string, { readonly feed: Feed; readonly unfollow: () => void }>();
  /** In the order in which they were given a sign of life. */
  readonly #all = new Set<Follower>();
  readonly #shared: Shared;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #looking = false;
  #secret: string | undefined;

  constructor(core: Core, limits: () => FollowerLimits) {
    this.#core = core;
    this.#limits = limits;
    const end = (follower: Follower, why: End) => this.#end(follower, why);
    this.#shared = { tokens: new LiveTokens(core, end), busy: new Set(), end };
  }

  /** The cursors of an account. Throws `StorageUnavailableError`. */
  async cursorsOf(accountId: string): Promise<Cursors> {
    this.#secret ??= (await this.#core.storage.secret('changes')).value;
    return cursorsOf(this.#core, this.#secret, accountId);
  }

  /** Throws `RateLimitedError` when the account has too many followers, `ServerBusyError` when all together are, or the server stops. */
  demandRoom(accountId: string): void {
    const { followers, all_followers } = this.#limits();
    if (this.#stopped) throw new ServerBusyError(RETRY.stopping, { message: 'the server is stopping' });
    if (this.#all.size >= all_followers) {
      throw new ServerBusyError(RETRY.all, { message: 'as many follow changes as this server takes; try again later' });
    }
    if ((this.#feeds.get(accountId)?.feed.followers.size ?? 0) >= followers) {
      const reason = `the account has ${followers} requests that follow its changes; end one, or try again later`;
      throw new RateLimitedError(RETRY.account, { code: 'followers_exceeded' }, reason);
    }
  }

  /** Tells an ear what happens behind a position, until one of both ends it. Throws as {@link Feeds.demandRoom}. */
  follow(reader: Reader, token: TokenDoc, position: string, ear: Ear): Following {
    this.demandRoom(reader.accountId);
    const beatAt = this.#core.clock.elapsed();
    const follower: Follower = {
      ...{ reader, token, ear, position, beatAt },
      caughtUp: false,
      busySince: undefined,
      over: false,
    };
    const feed = this.#feedOf(reader.accountId);
    feed.followers.add(follower);
    this.#all.add(follower);
    this.#core.tallies.followers++;
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    feed.wakeOne(follower);
    return {
      ready: () => {
        follower.busySince = undefined;
        if (this.#shared.busy.delete(follower)) feed.wakeOne(follower);
      },
      end: () => this.#remove(follower),
    };
  }

  /** Ends all, and takes no more. */
  stop(): void {
    this.#stopped = true;
    for (const follower of this.#all) this.#end(follower, 'stopping');
  }

  #feedOf(accountId: string): Feed {
    const known = this.#feeds.get(accountId);
    if (known !== undefined) return known.feed;
    const feed = new Feed(this.#core, accountId, this.#shared);
    const unfollow = this.#core.storage.changes?.follow(accountId, () => feed.wake()) ?? (() => {});
    this.#feeds.set(accountId, { feed, unfollow });
    return feed;
  }

  #end(follower: Follower, why: End): void {
    if (follower.over) return;
    this.#remove(follower);
    follower.ear.end(why);
  }

  #remove(follower: Follower): void {
    if (follower.over) return;
    follower.over = true;
    this.#all.delete(follower);
    this.#core.tallies.followers--;
    this.#shared.busy.delete(follower);
    this.#shared.tokens.forget(follower.token.hash);
    const { accountId } = follower.reader;
    const kept = this.#feeds.get(accountId);
    kept?.feed.followers.delete(follower);
    if (kept?.feed.followers.size === 0) {
      kept.unfollow();
      this.#feeds.delete(accountId);
    }
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = this.#core.clock.elapsed();
    for (const follower of this.#shared.busy) {
      if (now - (follower.busySince ?? now) > BUSY_MS) this.#end(follower, 'slow');
    }
    void this.#look();
  }

  /** What may take longer than until the next tick. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#beat();
      await this.#shared.tokens.endDead(this.#all, 'ask');
    } catch (err) {
      this.#core.log.debug({ err }, 'tokens of followers are looked at later');
    }
    this.#looking = false;
  }

  /** Whose turn it is are the first ones; then they are the last. */
  async #beat(): Promise<void> {
    const now = this.#core.clock.elapsed();
    const slices = inSlices();
    for (const follower of this.#all) {
      if (now - follower.beatAt < BEAT_MS) return;
      this.#all.delete(follower);
      this.#all.add(follower);
      follower.beatAt = now;
      if (follower.busySince === undefined) follower.ear.beat?.();
      if (slices.over()) await slices.pause();
    }
  }
}
