import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config/options.ts';

/** The program's log, and how to empty its buffer before the process ends. */
export interface ProcessLog {
  readonly log: Logger;
  flush(): void;
}

/** Bytes collected before they are written, and milliseconds after which they are in any case. */
const BUFFER = 16_000;
const FLUSH_EVERY = 500;

/** Lines of JSON on the standard output; readable ones when that is a terminal. */
export function createLog(config: Config): ProcessLog {
  const base = config.APP.workers > 1 ? { pid: process.pid } : null;
  const options = { level: levelOf(config), base, timestamp: isoTime() };
  if (process.stdout.isTTY) {
    const stream = pretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', sync: true });
    return { log: pino(options, stream as DestinationStream), flush: () => {} };
  }
  const destination = pino.destination({ dest: 1, sync: false, minLength: BUFFER, periodicFlush: FLUSH_EVERY });
  destination.on('error', () => {}); // whoever read the log has gone: no reason to stop serving
  return { log: pino(options, destination), flush: () => flushSync(destination) };
}

/** ISO times, made anew only when the millisecond changes: every request writes one. */
function isoTime(): () => string {
  let last = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== last) text = `,"time":"${new Date(now).toISOString()}"`;
    last = now;
    return text;
  };
}

/** The least level the configuration wants to see. */
export function levelOf(config: Config): string {
  return config.APP.debug ? 'debug' : config.APP.log_level;
}

function flushSync(destination: { flushSync(): void }): void {
  try {
    destination.flushSync();
  } catch {
    // not open yet, or gone: nothing to save
  }
}
