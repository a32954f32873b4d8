import { Readable } from 'node:stream';
import type { Page } from '../../storage/port.ts';

/** Keys read at a time for a complete listing. */
export const PAGE = 1000;

/** `{"keys":[…]}` of all pages, read as fast as the client takes them: memory stays flat however many there are. */
export function keysStream(first: Page<string>, more: (cursor: string) => Promise<Page<string>>): Readable {
  return Readable.from(chunks(first, more), { objectMode: false });
}

async function* chunks(first: Page<string>, more: (cursor: string) => Promise<Page<string>>): AsyncGenerator<string> {
  let page = first;
  yield `{"keys":[${list(page)}`;
  while (page.next !== undefined) {
    page = await more(page.next);
    if (page.items.length > 0) yield `,${list(page)}`;
  }
  yield ']}';
}

function list(page: Page<string>): string {
  return JSON.stringify(page.items).slice(1, -1);
}
