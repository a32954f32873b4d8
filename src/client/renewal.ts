/** Renewing the token while it is used (v2.md, section 5). */

import type { Tokens } from './tokens.ts';
import type { Transport } from './transport.ts';
import type { Renewing, TokenInfo } from './types.ts';

/** Milliseconds before another try when one failed. */
const AGAIN = 10_000;

/**
 * Has the token renewed in the last third of its life, by requests that need it and beside them: none waits for it. What fails is tried
 * again with a later request. A token with so many uses is left alone: each look would be one.
 */
export function renewing(transport: Transport, tokens: Tokens, given: true | Renewing): void {
  const { ttl, expiresAt, onRenew }: Renewing = given === true ? {} : given;
  let isBusy = false;
  let next = expiresAt && ttl ? expiresAt.getTime() - (ttl * 1000) / 3 : 0;
  let isKnown = next > 0;

  /** When to renew a token with so much life, by the clock of this machine. */
  const plan = (info: TokenInfo, life: number) => {
    next = info.usesLeft === null ? info.expiresAt.getTime() - life / 3 : Number.POSITIVE_INFINITY;
  };

  async function look(): Promise<void> {
    if (!isKnown) {
      const info = await tokens.self();
      plan(info, ttl ? ttl * 1000 : info.expiresAt.getTime() - info.createdAt.getTime());
      isKnown = true;
      if (Date.now() < next) return;
    }
    const info = await tokens.renew(ttl);
    // Where it is capped, its life is what is left: each time less.
    plan(info, info.expiresAt.getTime() - Date.now());
    onRenew?.(info.expiresAt);
  }

  transport.onUse = () => {
    if (isBusy || Date.now() < next) return;
    isBusy = true;
    next = Date.now() + AGAIN;
    look()
      .catch(() => {})
      .finally(() => {
        isBusy = false;
      });
  };
}
