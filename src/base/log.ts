/** What the log has of one request. Fields that are undefined are left out. */
export interface RequestLine {
  readonly method: string | undefined;
  /** The pattern, never the path: tokens stand in it. */
  readonly route: string | undefined;
  readonly status: number;
  /** Milliseconds until the answer was handed over. */
  readonly ms: number;
  readonly id: string;
  readonly client: string | undefined;
  readonly account: string | undefined;
  /** Of the trace that the request says it belongs to, and of the span of who asks. */
  readonly trace_id: string | undefined;
  readonly span_id: string | undefined;
  readonly code: string | undefined;
  /** Plugins that took long, with their milliseconds. */
  readonly plugins: Readonly<Record<string, number>> | undefined;
  /** What went wrong, where it is a fault of the server. */
  readonly err: unknown;
}

/** How much a line matters. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** What the program writes its log through; pino fits it. Never a token, a password or a value in `fields`. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Writes the line of a request, where there is a shorter way than that of any other line. */
  request?(level: Level, line: RequestLine): void;
}
