import { Readable } from 'node:stream';

/** Characters that are sent at once, and up to which an answer is no stream, so that its length can be announced. */
const CHUNK = 65_536;

/**
 * A text that comes in pieces, small or large, as a body: as fast as the client takes it, so that memory stays flat however long it is. What throws at
 * the beginning is thrown here, before an answer has begun.
 */
export async function bodyOf(pieces: AsyncGenerator<string>): Promise<string | Readable> {
  const chunks = chunksOf(pieces);
  const first = await chunks.next();
  if (first.done) return '';
  const second = await chunks.next();
  if (second.done) return first.value;
  async function* all(): AsyncGenerator<string> {
    yield first.value;
    yield second.value;
    yield* chunks;
  }
  return Readable.from(all(), { objectMode: false });
}

async function* chunksOf(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  let chunk = '';
  for await (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
