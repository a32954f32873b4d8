import { QuotaExceededError, ReadOnlyError } from '../../base/errors.ts';
import type { Dealt } from './service/file.ts';

const BROKEN_OFF = 'the sync broke off; run it again';

/** Lines for the files as soon as they were dealt with, then one that says how many there were of each status. */
export async function* linesOf(files: AsyncIterable<readonly Dealt[]>): AsyncGenerator<string> {
  const counts = { files: 0, stored: 0, updated: 0, unchanged: 0, conflict: 0, missing: 0, refused: 0 };
  for await (const some of files) {
    counts.files += some.length;
    for (const { status } of some) counts[status]++;
    yield some.map(fileLine).join('');
  }
  yield `${JSON.stringify({ event: 'done', ...counts })}\n`;
}

/**
 * The same lines, and a last one about the error if one comes: the status is out already. `failed` gets the error. A client
 * that goes away causes none: the work ends, and what it left is tidied up.
 */
export async function* withErrorLine(
  lines: AsyncGenerator<string>,
  failed: (error: unknown) => void,
): AsyncGenerator<string> {
  try {
    for (;;) {
      const next = await lines.next().catch(error => {
        failed(error);
        return { done: true, value: errorLine(error) };
      });
      if (next.value !== undefined) yield next.value;
      if (next.done) return;
    }
  } finally {
    await lines.return(undefined).catch(failed);
  }
}

/** Whether it is no fault of the server: the client can mend it, or wait. */
export function isForClient(error: unknown): error is QuotaExceededError | ReadOnlyError {
  return error instanceof QuotaExceededError || error instanceof ReadOnlyError;
}

/** Only what the client can mend is told. */
function errorLine(failure: unknown): string {
  const error = isForClient(failure) ? failure.message : BROKEN_OFF;
  return `${JSON.stringify({ event: 'error', error })}\n`;
}

function fileLine({ config, path, status, copy, content }: Dealt): string {
  const { sha256 = null, size = null, mode = null, modified = null } = copy ?? {};
  const text = JSON.stringify({ event: 'file', config, path, status, sha256, size, mode, modified });
  if (content === undefined) return `${text}\n`;
  // Base64 needs no escapes; looking for some in all contents would take longer than reading them.
  return `${text.slice(0, -1)},"content":"${base64(content)}"}\n`;
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
