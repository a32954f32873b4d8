/** How many connections a process has open at most. */

import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import type { Log } from '../../base/log.ts';

/** Milliseconds between two lines about refused connections. */
const LINE_PAUSE = 60_000;

/** Open files that are not for connections: the data, uploads, mails, pipes between threads. */
const OTHER_FILES = 128;

/** Connections that are taken however few files the system allows. */
const LEAST = 16;

/**
 * Closes at once what is beyond `most` connections, or beyond what the system lets the process open: there a full table would
 * keep even the data from being read. The log has a line when it begins, and one a minute while it goes on. To be called before
 * the server listens.
 */
export function limitConnections(server: Server, most: number, log: Log): void {
  const files = fileLimit();
  const limit = Math.min(most, Math.max(LEAST, files - OTHER_FILES));
  if (limit < most) log.info({ limit, files }, `at most ${limit} connections: the system allows ${files} open files`);
  const told = 'connections were refused: as many are open as [LIMITS] connections or the system allows';
  const refused = oncePerMinute(times => log.warn({ times, limit }, told));
  let open = 0;
  server.prependListener('connection', socket => {
    if (open >= limit) {
      socket.destroy();
      refused();
      return;
    }
    open++;
    socket.once('close', () => open--);
  });
  const failed = oncePerMinute<Error>((times, err) => log.error({ err, times }, 'a connection could not be taken'));
  server.once('listening', () => server.on('error', failed));
}

/** Calls `tell` at the first time, and then once a minute with how often it happened, as long as it does. */
function oncePerMinute<T = void>(tell: (times: number, last: T) => void): (what: T) => void {
  let times = 0;
  let last: T;
  let waiting = false;
  function report(): void {
    waiting = times > 0;
    if (!waiting) return;
    tell(times, last);
    times = 0;
    setTimeout(report, LINE_PAUSE).unref();
  }
  return what => {
    times++;
    last = what;
    if (!waiting) report();
  };
}

/** How many files the process may have open, connections included; without an end where the system does not tell. */
function fileLimit(): number {
  try {
    const [, files] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return files === undefined ? Number.POSITIVE_INFINITY : Number(files);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
