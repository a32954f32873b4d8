import { type DestinationStream, type Logger, pino } from 'pino';
import type { Log } from '../base/log.ts';
import type { Config } from '../config/options.ts';
import { describeError } from './describe-error.ts';
import { requestLines } from './request-lines.ts';

/** The program's log, and how to empty its buffer before the process ends. */
export interface ProcessLog {
  readonly log: Logger & Log;
  flush(): void;
}

/** Characters collected before they are written, and milliseconds after which they are in any case. */
const BUFFER = 16_384;
const FLUSH_EVERY = 200;

/** Where lines go: the standard output, as a rule. */
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Fields of the first lines that their messages tell as well, for who reads them. */
const TOLD = ['version', 'url', 'engine', 'token_expiration'];

/** Lines of JSON on the standard output; readable ones when that is a terminal. */
export async function createLog(config: Config, stdout: Output = process.stdout): Promise<ProcessLog> {
  const base = config.APP.workers > 1 ? { pid: process.pid } : null;
  const time = isoTime();
  const options = { level: levelOf(config), base, timestamp: time, serializers: { err: describeError } };
  if (stdout.isTTY) {
    const { default: pretty } = await import('pino-pretty');
    const stream = pretty({
      colorize: true,
      ignore: ['pid', 'hostname', ...TOLD].join(','),
      translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
      singleLine: true,
      sync: true,
      ...(stdout !== process.stdout && { destination: stdout }),
    });
    return { log: pino(options, stream as DestinationStream), flush: () => {} };
  }
  stdout.on('error', () => {}); // whoever read the log has gone: no reason to stop serving
  const output = bufferedOutput(stdout);
  const log = pino(options, output);
  const request = requestLines(log, { write: output.write, time, pid: base?.pid });
  return { log: Object.assign(log, { request }), flush: output.flush };
}

/** Collects lines: the logger's own destination costs each request more than the line itself does. */
function bufferedOutput(stdout: Output): { write(line: string): void; flush(): void } {
  let lines: string[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const text = lines.join('');
    lines = [];
    size = 0;
    if (text !== '') stdout.write(text);
  }
  return {
    write(line) {
      lines.push(line);
      size += line.length;
      if (size >= BUFFER) flush();
      else timer ??= setTimeout(flush, FLUSH_EVERY);
    },
    flush,
  };
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
