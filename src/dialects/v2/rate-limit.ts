/** `[LIMITS] requests_per_minute`: what is counted, and what answers say of it (v2.md, section 6; draft-ietf-httpapi-ratelimit-headers). */

import type { Context } from 'koa';
import { RateLimitedError } from '../../base/errors.ts';
import type { Core } from '../../core/context.ts';
import { createRates, type Left } from '../../core/throttle/rates.ts';
import { tellRate } from '../../http/rate-limit.ts';
import type { V2Settings } from './settings.ts';

/** Seconds over which requests count. */
const WINDOW = 60;

/** Every path of v2. */
const PATH = /^\/v2(?:[/?]|$)/;

/** The limit of one process. */
export interface RateLimit {
  /** Says what the limit is, in whatever answer the request gets. To be called for every request of the server. */
  announce(ctx: Context): void;
  /** Counts a request of an account. Throws `RateLimitedError`. */
  take(ctx: Context, accountId: string): void;
}

/** Nothing is counted while the limit is 0. */
export function createRateLimit({ clock }: Core, settings: () => V2Settings): RateLimit {
  const rates = createRates(clock);
  return {
    announce(ctx) {
      if (!PATH.test(ctx.req.url ?? '')) return;
      const quota = quotaOf(settings());
      if (quota === 0) return;
      tell(ctx, quota, { remaining: quota, reset: WINDOW });
    },
    take(ctx, accountId) {
      const quota = quotaOf(settings());
      if (quota === 0) return;
      const left = rates.take(accountId, quota);
      tell(ctx, quota, left);
      if (left.remaining < 0) {
        const message = `the account has made its ${quota} requests of this minute; try again in ${left.reset} s`;
        throw new RateLimitedError(left.reset, {}, message);
      }
    },
  };
}

function tell(ctx: Context, quota: number, left: Left): void {
  tellRate(ctx, 'requests', { quota, window: WINDOW, ...left });
}

/** The part of one of several processes; 0: any number. */
function quotaOf({ requests_per_minute, workers }: V2Settings): number {
  return requests_per_minute === 0 ? 0 : Math.max(1, Math.floor(requests_per_minute / workers));
}
