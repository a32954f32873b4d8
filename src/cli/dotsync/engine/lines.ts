/** What the server says about a file (contract, section 4). */
export interface FileLine {
  readonly event: 'file';
  readonly path: string;
  readonly status: 'stored' | 'updated' | 'unchanged' | 'conflict' | 'missing' | 'refused';
  readonly sha256: string | null;
  readonly mode: string | null;
  /** Base64; with `updated` and `conflict`. */
  readonly content?: string;
}

/** A line of the answer to a sync. */
export type Line = FileLine | { readonly event: 'done' } | { readonly event: 'error'; readonly error: string };

/** An answer that is none of dotsync. */
export class BadAnswer extends Error {}

/** Longest line, in bytes: a file of 1 MiB as base64, and a path of which each character is escaped. */
const LINE_BYTES = 2_097_152;

/** Milliseconds without a byte after which the server is taken for gone. */
const PATIENCE = 60_000;

const STATUSES = ['stored', 'updated', 'unchanged', 'conflict', 'missing', 'refused'];

/**
 * The lines of an answer, each as soon as it has come; a last one without an end is left out. `stall` is called when nothing comes for a
 * minute, and is to end the answer. Throws `BadAnswer`, and what the answer breaks off with.
 */
export async function* readLines(
  body: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null,
  stall: () => void = () => {},
): AsyncGenerator<Line> {
  let timer = setTimeout(stall, PATIENCE);
  let rest: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      clearTimeout(timer);
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield parse(Buffer.concat([...rest, chunk.subarray(from, end)]).toString());
        from = end + 1;
        rest = [];
        length = 0;
      }
      rest.push(chunk.subarray(from));
      length += chunk.length - from;
      if (length > LINE_BYTES) throw new BadAnswer('the server sent a line that is too long');
      timer = setTimeout(stall, PATIENCE);
    }
  } finally {
    clearTimeout(timer);
  }
}

function parse(text: string): Line {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(text);
  } catch {
    throw new BadAnswer('the server did not answer as dotsync does; is this the address of a Keybin server?');
  }
  if (line.event === 'done') return { event: 'done' };
  if (line.event === 'error' && typeof line.error === 'string') return { event: 'error', error: line.error };
  if (line.event !== 'file' || typeof line.path !== 'string' || !STATUSES.includes(String(line.status))) {
    throw new BadAnswer('the server sent a line that says nothing');
  }
  return line as unknown as FileLine;
}
