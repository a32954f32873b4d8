import { Readable } from 'node:stream';

/** Members of a list or an object. */
type Members = string | Uint8Array;

/**
 * A JSON list or object, read page by page as fast as the client takes it: memory stays flat however long it is. `members`
 * renders a page as JSON members with commas between them, as text or as its bytes. What throws at the first pages is thrown here,
 * before an answer has begun. A single page is no stream, so that its length can be announced.
 */
export async function jsonStream<T>(
  open: string,
  pages: AsyncGenerator<T>,
  members: (page: T) => Members,
  close: string,
): Promise<Members | Readable> {
  const first = await pages.next();
  const begin = first.done ? '' : members(first.value);
  const second = await pages.next();
  if (second.done) return around(open, begin, close);

  async function* chunks(next: T): AsyncGenerator<Members> {
    let separator = begin.length === 0 ? '' : ',';
    yield around(open, begin, '');
    const chunk = (page: T) => {
      const more = members(page);
      if (more.length === 0) return [];
      const whole = around(separator, more, '');
      separator = ',';
      return [whole];
    };
    yield* chunk(next);
    for await (const page of pages) yield* chunk(page);
    yield close;
  }
  return Readable.from(chunks(second.value), { objectMode: false });
}

function around(open: string, members: Members, close: string): Members {
  if (typeof members === 'string') return open + members + close;
  return Buffer.concat([Buffer.from(open), members, Buffer.from(close)]);
}
