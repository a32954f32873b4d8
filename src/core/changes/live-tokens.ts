/** Whether the tokens of those who follow are still good: looked at together, and only when something was written to tokens. */

import { tokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import type { End, Follower } from './followers.ts';

/** Tokens that are looked up at once. */
const PAGE = 500;

/** What is known of the tokens of one process. */
export class LiveTokens {
  readonly #core: Core;
  readonly #end: (follower: Follower, why: End) => void;
  /** By hash, until when a token lives, as far as it is known (milliseconds), and at which state of the tokens it was. */
  readonly #seen = new Map<string, { until: number; state: object | undefined }>();
  /** The state at which all of them were good, and until when the first of them lives. */
  #all = { state: undefined as object | undefined, until: 0 };

  constructor(core: Core, end: (follower: Follower, why: End) => void) {
    this.#core = core;
    this.#end = end;
  }

  /**
   * Ends those whose token was revoked or has expired. Where the engine tells whether tokens were written to that costs nothing most of the
   * time; where it does not, they are looked up only with `ask`. `some` may be new: of `all` it is asked who was so before, `ask` is
   * for all of all accounts.
   */
  async endDead(followers: Iterable<Follower>, whose: 'some' | 'all' | 'ask'): Promise<void> {
    const tokens = this.#core.storage.collection(tokensSpec);
    const state = await tokens.state();
    const isSame = state !== undefined && state === this.#all.state;
    if (whose !== 'some' && isSame && this.#core.clock.now() < this.#all.until) return;
    const ask = whose === 'ask';
    const suspects = this.#suspects(followers, state, ask);
    const hashes = [...suspects.keys()];
    for (let at = 0; at < hashes.length; at += PAGE) {
      const page = hashes.slice(at, at + PAGE);
      const keys = page.map(hash => [hash]);
      for (const [i, token] of (await tokens.getMany(keys, 'hash')).entries()) {
        const hash = page[i] ?? '';
        if (token === undefined) for (const follower of suspects.get(hash) ?? []) this.#end(follower, 'token');
        else this.#note(hash, token.expires_at.getTime(), state);
      }
      if (at + PAGE < hashes.length) await new Promise(setImmediate);
    }
    if (!ask) return;
    this.#all = { state, until: Number.POSITIVE_INFINITY };
    for (const { until } of this.#seen.values()) this.#all.until = Math.min(this.#all.until, until);
  }

  #note(hash: string, until: number, state: object | undefined): void {
    this.#seen.set(hash, { until, state });
    this.#all.until = Math.min(this.#all.until, until);
  }

  /** Those whose token has to be looked up, by its hash. */
  #suspects(followers: Iterable<Follower>, state: object | undefined, ask: boolean): Map<string, Follower[]> {
    const now = this.#core.clock.now();
    const suspects = new Map<string, Follower[]>();
    for (const follower of followers) {
      const { hash, expires_at } = follower.token;
      const seen = this.#seen.get(hash);
      const isFresh = state === undefined ? !ask : seen?.state === state;
      if (isFresh && now < (seen?.until ?? expires_at.getTime())) continue;
      const group = suspects.get(hash);
      if (group === undefined) suspects.set(hash, [follower]);
      else group.push(follower);
    }
    return suspects;
  }

  /** Nobody follows with this token any more, perhaps: it is looked up when somebody does. */
  forget(hash: string): void {
    this.#seen.delete(hash);
  }
}
