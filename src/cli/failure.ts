/** From what was thrown to an exit code and one sentence that says what to do next: the only place that decides on it. */

import { EXIT } from '../terminal/exit-codes.ts';
import { printable } from '../terminal/table.ts';
import { Interruption, OutputError } from './context.ts';

/** The end of a command that did not do what was asked. */
export class Failure extends Error {
  readonly exitCode: number;

  /** Without a message nothing is said: whoever reads has been told already. */
  constructor(exitCode: number, message = '') {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A wrong command line. */
export function misused(message: string): Failure {
  return new Failure(EXIT.usage, message);
}

/** How a command ends. Without a message nothing is said. */
export interface End {
  readonly exitCode: number;
  readonly message: string;
}

/** The end that belongs to what a command threw. */
export function endOf(error: unknown): End {
  if (error instanceof Failure) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof Interruption) return { exitCode: EXIT.interrupted, message: 'interrupted' };
  if (error instanceof OutputError) return outputEnd(error);
  if (isRefusal(error)) return { exitCode: exitCodeOf(error), message: sentenceOf(error) };
  if (isUsage(error)) return { exitCode: error.exitCode === 0 ? EXIT.done : EXIT.usage, message: usageOf(error) };
  if (isBrokenOff(error)) return { exitCode: EXIT.failed, message: BROKEN_OFF };
  if (isOfSystem(error)) return { exitCode: EXIT.failed, message: systemSentence(error) };
  return { exitCode: EXIT.failed, message: error instanceof Error ? String(error.stack) : String(error) };
}

function outputEnd({ isReaderGone, message }: OutputError): End {
  return { exitCode: EXIT.failed, message: isReaderGone ? '' : `the output cannot be written: ${message}` };
}

function exitCodeOf({ status, code }: Refusal): number {
  if (status === 401) return EXIT.notSignedIn;
  if (code === 'key_invalid') return EXIT.usage;
  return (status === 404 && !isElsewhere(code)) || status === 412 ? EXIT.absent : EXIT.failed;
}

/** What answers at the address is no Keybin server, or lies below another path: nothing is said about a value. */
function isElsewhere(code: string): boolean {
  return code === 'not_found' || code === 'http_404';
}

/** What the client library throws. It is not loaded for that: most of what fails has never needed it. */
interface Refusal extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly details?: unknown;
  readonly requestId?: string;
  /** Seconds. */
  readonly retryAfter?: number;
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && typeof (error as Refusal).status === 'number' && 'code' in error;
}

/** What the server said, and what helps. */
function sentenceOf(error: Refusal): string {
  const { status, code, retryAfter, requestId, details } = error;
  const message = printable(error.message);
  const seconds = retryAfter === undefined ? 'in a while' : `in ${Math.ceil(retryAfter)} s`;
  const { scope } = (details ?? {}) as { scope?: string };
  if (code === 'network' || code === 'timeout') return `${message}${unreached(error.cause)}`;
  if (isElsewhere(code)) return `${message}; look whether the address is right (KEYBIN_URL, or keybin whoami)`;
  if (code === 'scope_insufficient') {
    return `${message}; make a token that may, with keybin token new${scope ? ` --scope ${printable(scope)}` : ''}`;
  }
  if (code === 'cursor_gone') return `${message}; take a new position: remove the state file, and list the keys again`;
  if (code === 'credentials_invalid' || code === 'login_refused')
    return `${message}; look at the name, and type the password again`;
  if (status === 401) return `${message}; sign in with keybin login`;
  if (status === 412) return `${message}; look at the present value with keybin info`;
  if (status === 429 || status === 503) return `${message}; try again ${seconds}`;
  if (status === 507) return `${message}; remove values with keybin rm, or ask the server's admin for more room`;
  if (status >= 500) return `${message}; the server's log tells more${requestId ? ` (request ${requestId})` : ''}`;
  return message;
}

/** What helps where no answer came. */
function unreached(cause: unknown): string {
  const { code = '' } = (cause ?? {}) as { code?: string };
  return /CERT|ALTNAME|ISSUER/.test(code)
    ? `: its certificate is not trusted (${code}); NODE_EXTRA_CA_CERTS=FILE trusts the one in that file as well`
    : '; look whether the server runs and the address is right (KEYBIN_URL, or keybin whoami)';
}

/** What the reader of the command line throws. It is not loaded for that. */
interface UsageError extends Error {
  readonly code: string;
  readonly exitCode: number;
}

function isUsage(error: unknown): error is UsageError {
  return error instanceof Error && 'exitCode' in error && String((error as UsageError).code).startsWith('commander.');
}

function usageOf({ code, exitCode, message }: UsageError): string {
  if (code === 'commander.help') return 'say what to do';
  return exitCode === 0
    ? ''
    : message
        .replace(/^error: /, '')
        .replace(/\s*\n\s*/g, ' ')
        .replace(/\.$/, '');
}

const BROKEN_OFF = 'the connection broke off before all of it had come; try again';

/** What reading an answer throws that does not end: `TypeError: terminated`. */
function isBrokenOff(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'terminated';
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** `ENOENT: no such file or directory, open 'x'` as a sentence. */
function systemSentence({ message, path }: NodeJS.ErrnoException): string {
  const what = /^[A-Z0-9]+: ([^,]+)/.exec(message)?.[1];
  return path === undefined || what === undefined ? message : `${printable(path)}: ${what}`;
}
