/** Where a value comes from. */

import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Context } from '../context.ts';
import { misused } from '../failure.ts';
import { readAll } from '../stdin.ts';
import { isText } from './text.ts';

const TEXT = 'text/plain; charset=utf-8';

/** Types of files by the ends of their names. */
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.gif': 'image/gif',
  '.gz': 'application/gzip',
  '.html': 'text/html; charset=utf-8',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.zip': 'application/zip',
};

/** A value that is to be stored. */
export interface Source {
  readonly bytes: string | Uint8Array;
  /** What it seems to be. */
  readonly type: string;
}

/** The value that an argument stands for: a text, `@FILE`, or `-` for the standard input. Throws `Failure`, or the error of the file. */
export async function sourceOf(context: Context, argument: string | undefined): Promise<Source> {
  if (argument === undefined && process.stdin.isTTY)
    throw misused('no value; add one, @FILE, or - to type it and end with Ctrl-D');
  if (argument === undefined || argument === '-') return typed(await readAll(context.signal));
  if (!argument.startsWith('@')) return { bytes: argument, type: TEXT };
  const file = argument.slice(1);
  return typed(
    await readFile(file === '-' ? '/dev/stdin' : file, { signal: context.signal }),
    TYPES[extname(file).toLowerCase()],
  );
}

function typed(bytes: Uint8Array, type?: string): Source {
  return { bytes, type: type ?? (isText(bytes) ? TEXT : 'application/octet-stream') };
}
