/** Lines of bytes. `node:readline` ends lines at characters that JSON leaves as they are. */

/** A line without its break, and the offset behind it. */
export interface Line {
  readonly text: string;
  readonly end: number;
  /** It ended with a line break. */
  readonly isWhole: boolean;
}

const BREAK = 0x0a;

/** The lines of a stream that begins at an offset. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, offset = 0): AsyncGenerator<Line> {
  let end = offset;
  let pieces: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(BREAK); at >= 0; at = chunk.indexOf(BREAK, from)) {
      const line = Buffer.concat([...pieces, chunk.subarray(from, at)]);
      pieces = [];
      from = at + 1;
      end += line.length + 1;
      yield { text: line.toString(), end, isWhole: true };
    }
    if (from < chunk.length) pieces.push(chunk.subarray(from));
  }
  if (pieces.length === 0) return;
  const line = Buffer.concat(pieces);
  yield { text: line.toString(), end: end + line.length, isWhole: false };
}
