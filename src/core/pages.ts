import { inSlices } from '../base/slices.ts';
import type { Page } from '../storage/port.ts';

/**
 * Every page of a list, read when it is asked for. `read` gets the cursor of the page before; none for the first. Other requests
 * have their turn between two pages: an engine that answers at once would let none in.
 */
export async function* pagesOf<T>(read: (after: { cursor?: string }) => Promise<Page<T>>): AsyncGenerator<T[]> {
  const slices = inSlices();
  let page = await read({});
  yield page.items;
  while (page.next !== undefined) {
    await slices.pause();
    page = await read({ cursor: page.next });
    yield page.items;
  }
}
