import { Readable } from 'node:stream';

/**
 * A JSON list or object, read page by page as fast as the client takes it: memory stays flat however long it is. `members`
 * renders a page as JSON members with commas between them. What throws at the first pages is thrown here, before an answer has
 * begun. A single page is a text, so that its length can be announced.
 */
export async function jsonStream<T>(
  open: string,
  pages: AsyncGenerator<T>,
  members: (page: T) => string,
  close: string,
): Promise<string | Readable> {
  const first = await pages.next();
  const text = first.done ? '' : members(first.value);
  const second = await pages.next();
  if (second.done) return open + text + close;

  async function* chunks(next: T): AsyncGenerator<string> {
    let separator = text === '' ? '' : ',';
    yield open + text;
    const chunk = (page: T) => {
      const more = members(page);
      if (more === '') return [];
      const whole = separator + more;
      separator = ',';
      return [whole];
    };
    yield* chunk(next);
    for await (const page of pages) yield* chunk(page);
    yield close;
  }
  return Readable.from(chunks(second.value), { objectMode: false });
}
