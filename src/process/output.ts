import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from '../config/options.ts';

/** The program's log, and how to empty its buffer before the process ends. */
export interface ProcessLog {
  readonly log: Logger;
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
export function createLog(config: Config, stdout: Output = process.stdout): ProcessLog {
  const base = config.APP.workers > 1 ? { pid: process.pid } : null;
  const options = { level: levelOf(config), base, timestamp: isoTime(), serializers: { err: describeError } };
  if (stdout.isTTY) {
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
  return { log: pino(options, output), flush: output.flush };
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

/**
 * What a line tells of an error: its type, message, stack and code, with those of its causes, and nothing else. Errors carry what
 * they were about, such as the target of a request with a token in it.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : typeof error;
  const { type, message, stack, code } = stdSerializers.err(error);
  return { type, message, stack, ...(code !== undefined && { code }) };
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
