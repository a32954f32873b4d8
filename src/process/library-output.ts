import { writeSync } from 'node:fs';
import { format } from 'node:util';
import type { Log } from '../base/log.ts';

/** The system's number of "input/output error": what LMDB calls a write of which only a part was done, without a word. */
const EIO = 5;

/**
 * Has what libraries print on the console stand in the log, as one line each. LMDB's
 * JavaScript prints why a transaction was not written, with a stack; its C code has begun a line on the standard error
 * output before that, and does not end it.
 */
export function logLibraryOutput(log: Log): void {
  const take = (...said: unknown[]) => {
    const [err] = said;
    if (err instanceof Error && 'code' in err && Number(err.code) > 0 && err.code !== EIO) endLine();
    if (err instanceof Error && said.length === 1) log.warn({ err }, 'a library reports an error');
    else log.warn({}, `a library reports: ${format(...said)}`);
  };
  console.error = take;
  console.warn = take;
}

function endLine(): void {
  try {
    writeSync(process.stderr.fd, '\n');
  } catch {
    // Nobody reads it.
  }
}
