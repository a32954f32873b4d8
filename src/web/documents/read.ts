import { readFile } from 'node:fs/promises';
import { NotFoundError } from '../../base/errors.ts';
import { ROOT } from '../../base/place.ts';
import { escapeHtml } from '../../http/browser/page.ts';
import { Html } from '../html.ts';
import { documentPages } from './list.ts';

/** Where the build puts them, whether the program runs compiled or not. */
const FOLDER = new URL('dist/web/documents/', ROOT);

const kept = new Map<string, Promise<string>>();

/**
 * A document as HTML, with the address of this server in its examples. `path` is what the server's paths begin with. Throws
 * `NotFoundError`.
 */
export async function readDocument(name: string, { address, path }: { address: string; path: string }): Promise<Html> {
  if (!documentPages.some(page => page.name === name)) throw new NotFoundError('there is no such document');
  const reading = kept.get(name) ?? readFile(new URL(`${name}.html`, FOLDER), 'utf8');
  kept.set(name, reading);
  const text = await reading.catch(error => {
    kept.delete(name);
    throw new NotFoundError('the documents were not built', { cause: error });
  });
  // The build escaped everything in it.
  return new Html(text.replaceAll('%PATH%', escapeHtml(path)).replaceAll('%ADDRESS%', escapeHtml(address)));
}
