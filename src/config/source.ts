/** What the file, the environment and the flags have in common. What they give is still text. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** A text, or a sentence on why there is none. */
export type Found = { readonly text: string } | { readonly problem: string; readonly absent?: boolean };

/** What was given for an option, and where: "store.cfg:7", "KEYBIN_APP_PORT" or "--admin-user". */
export interface Given {
  readonly section: string;
  readonly key: string;
  readonly found: Found;
  readonly where: string;
}

/** What a source gives, and what is wrong or odd about it. Plain data: a process may send it to another. */
export interface Source {
  /** The first of two for one option does not count. */
  readonly given: readonly Given[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A file to read. `named` is where its name comes from, if anybody named it. */
export interface FileChoice {
  readonly path: string;
  readonly named?: string;
  /** It may be absent. */
  readonly optional?: boolean;
  /** The path is not to be shown: it may be a secret in the wrong place. */
  readonly hidden?: boolean;
}

/** The text of a file. */
export async function readText(choice: FileChoice, directory: string): Promise<Found> {
  if (choice.path === '') return { problem: `${choice.named} is empty; expected the path of a file` };
  try {
    return { text: decode(await readFile(resolve(directory, choice.path))) };
  } catch (error) {
    return { problem: `${subject(choice)} ${unreadable(error)}`, absent: codeOf(error) === 'ENOENT' };
  }
}

/** The secret that a file holds. */
export async function readSecretFile(choice: FileChoice, directory: string): Promise<Found> {
  const content = await readText(choice, directory);
  return 'text' in content ? secretText(content.text, subject(choice)) : content;
}

/** The secret in what was read, without a line break at its end. `from` begins the sentence that it is empty. */
export function secretText(text: string, from: string): Found {
  const secret = text.replace(/\r?\n$/, '');
  return secret === '' ? { problem: `${from} is empty` } : { text: secret };
}

/** A file as the subject of a sentence. */
function subject({ path, named, hidden }: FileChoice): string {
  if (named === undefined) return path;
  return hidden ? `${named} names a file that` : `${named} names ${JSON.stringify(path)}, which`;
}

/** Throws when it is not UTF-8. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** The end of a sentence about what cannot be read. */
export function unreadable(error: unknown): string {
  const code = codeOf(error);
  return UNREADABLE[code] ?? `cannot be read: ${code}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
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
