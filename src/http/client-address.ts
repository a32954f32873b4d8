import { isIP } from 'node:net';
import type { Context } from 'koa';
import type { Caller } from '../base/caller.ts';
import { tellRate } from './rate-limit.ts';
import { forwardedAddress, plainAddress, trustedProxies } from './trusted-proxies.ts';

/** Finds the address of the client. */
export type ClientAddress = (ctx: Context) => string;

/** Finds on whose behalf a request is answered. */
export type CallerOf = (ctx: Context) => Required<Caller>;

/** The client at its address; it is gone once its connection is, and is told of its attempts in the answer. */
export function callerOf(address: ClientAddress): CallerOf {
  return ctx => ({
    address: address(ctx),
    gone: () => ctx.req.socket.destroyed,
    hear: left => tellRate(ctx, 'failures', left),
  });
}

/**
 * The TCP peer; if that is a trusted proxy, the rightmost address of `X-Forwarded-For` that is not one. `trusted` gives those of
 * this moment, see `trustedProxies`.
 */
export function clientAddress(trusted: () => readonly string[]): ClientAddress {
  const isTrusted = trustedProxies(trusted);
  return ctx => {
    let client = plainAddress(ctx.req.socket.remoteAddress ?? '');
    if (trusted().length === 0) return client;
    const hops = ctx.get('X-Forwarded-For').split(',').map(forwardedAddress);
    while (isTrusted(client)) {
      const hop = hops.pop();
      if (hop === undefined || isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  };
}
