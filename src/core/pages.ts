import type { Page } from '../storage/port.ts';

/** Every page of a list, read when it is asked for. `read` gets the cursor of the page before; none for the first. */
export async function* pagesOf<T>(read: (after: { cursor?: string }) => Promise<Page<T>>): AsyncGenerator<T[]> {
  let page = await read({});
  yield page.items;
  while (page.next !== undefined) {
    page = await read({ cursor: page.next });
    yield page.items;
  }
}
