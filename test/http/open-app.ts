/** A server with routes of a test, and nothing behind them. */

import Koa, { type Context } from 'koa';
import { onTestFinished } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { type EdgeOptions, edge } from '../../src/http/edge/edge.ts';
import { dispatch, type Method, type Route } from '../../src/http/routing.ts';
import { listen } from '../../src/process/listen.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

interface AppOptions extends EdgeOptions {
  readonly host?: string;
  readonly log?: Log;
}

/** Listens with these routes until the test is over; returns the address. */
export async function openApp(
  routes: readonly Route[],
  { host = '127.0.0.1', log = silent, ...frame }: AppOptions = {},
): Promise<string> {
  const koa = new Koa();
  koa.silent = true;
  koa.use(edge(log, dispatch([{ name: 'test', routes }]), frame));
  const server = await listen(koa.callback(), host, 0);
  onTestFinished(() => server.stop());
  return server.url;
}

/** One route for a path and the methods GET and POST. */
export function route(path: string, handle: (ctx: Context) => unknown): Route[] {
  return (['GET', 'POST'] as const satisfies Method[]).map(method => ({
    method,
    path,
    handle: async ctx => void (await handle(ctx)),
  }));
}
