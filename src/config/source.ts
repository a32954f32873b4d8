/** What the file and the environment have in common. What they give is still text. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { NamedOption } from './options.ts';

/** A text that was given for an option, and where: "store.cfg:7" or "KEYBIN_APP_PORT". */
export interface Given {
  readonly text: string;
  readonly where: string;
}

/** What a source gives, and what is wrong or odd about it. */
export interface Source {
  readonly given: ReadonlyMap<NamedOption, Given>;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A file to read. `named` is where its name comes from; without it the file may be absent. */
export interface FileChoice {
  readonly path: string;
  readonly named?: string;
}

/** A file's text, a sentence on why there is none, or undefined when the file is absent and nobody named it. */
export async function readText(
  { path, named }: FileChoice,
  directory: string,
): Promise<{ text: string } | { problem: string } | undefined> {
  const name = named === undefined ? path : `${named} names ${JSON.stringify(path)}, which`;
  if (path === '') return { problem: `${named} is empty; expected the path of a file` };
  try {
    const bytes = await readFile(resolve(directory, path));
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' && named === undefined) return undefined;
    return { problem: `${name} ${UNREADABLE[code] ?? `cannot be read: ${code}`}` };
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder; expected a file',
  EACCES: 'may not be read by this user (permission denied)',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

/** The end of a sentence about an unknown name. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`;
}
