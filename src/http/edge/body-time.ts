/** How long the body of a request may take to arrive. */

import type { IncomingMessage } from 'node:http';

/** Time for a whole body, in milliseconds. `core/accounts/erase.ts` counts on it. */
const BODY_TIME = 120_000;

/** Looks at a slow body in the time it may be silent for. */
const LOOKS = 4;

const LIMIT = Symbol('time limit of the body');

interface Limited extends IncomingMessage {
  [LIMIT]?: Limit;
}

interface Limit {
  readonly refuse: () => void;
  timer: NodeJS.Timeout;
  /** What had arrived on the connection at the last look. */
  bytes: number;
  /** Looks in a row at which nothing more had arrived. */
  quiet: number;
  /** Whether the client was refused. */
  over: boolean;
}

/**
 * Calls `refuse`, which is to close the connection, unless the body of the request is here in 120 s. To be called before the
 * request is handled; it also holds for what still arrives after the answer.
 */
export function limitBodyTime(req: IncomingMessage, refuse: () => void): void {
  const { headers } = req;
  if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)) return;
  const limit: Limit = { refuse, timer: setTimeout(expire, BODY_TIME, req).unref(), bytes: 0, quiet: 0, over: false };
  (req as Limited)[LIMIT] = limit;
  req.once('close', () => clearTimeout(limit.timer));
}

/**
 * Lets the body take as long as it needs, as long as something of it arrives at least every `idleMs` milliseconds; a client
 * that is silent is refused a quarter of that later at the latest. Time in which the server does not read does not count.
 */
export function allowSlowBody(req: IncomingMessage, idleMs: number): void {
  const limit = (req as Limited)[LIMIT];
  if (limit === undefined || req.destroyed) return;
  clearTimeout(limit.timer);
  limit.bytes = req.socket.bytesRead;
  limit.quiet = 0;
  limit.timer = setTimeout(look, idleMs / LOOKS, req, limit, idleMs / LOOKS).unref();
}

function look(req: IncomingMessage, limit: Limit, pause: number): void {
  const { bytesRead } = req.socket;
  const waits = bytesRead === limit.bytes && req.readableLength === 0;
  limit.bytes = bytesRead;
  limit.quiet = waits ? limit.quiet + 1 : 0;
  if (limit.quiet === LOOKS) expire(req);
  else limit.timer = setTimeout(look, pause, req, limit, pause).unref();
}

function expire(req: Limited): void {
  // A body that is here and that nobody reads is no fault of the client.
  const limit = req[LIMIT];
  if (req.complete || limit === undefined) return;
  limit.over = true;
  limit.refuse();
}

/** Whether the client was refused because its body took too long: what its handler meets then is only that it was cut off. */
export function tookTooLong(req: IncomingMessage): boolean {
  return (req as Limited)[LIMIT]?.over ?? false;
}
