/** Where a watch goes on: a file with the cursor behind the last change that was told. */

import { readFile } from 'node:fs/promises';
import type { Keybin } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { Failure } from '../failure.ts';
import { replaceFile } from '../files.ts';

/** What is watched, and where that is remembered. */
export interface Watching {
  readonly url: string;
  readonly prefix: string;
  readonly file: string | undefined;
  readonly signal: AbortSignal;
}

/** A position that moves on. */
export interface Position {
  readonly cursor: string;
  /** All up to this cursor was told. */
  keep(cursor: string): Promise<void>;
}

interface Kept {
  readonly url: string;
  readonly prefix: string;
  readonly cursor: string;
}

/** The position of the file, or the present one, which is then in the file. Throws `Failure` when the file is of another watch. */
export async function openPosition(client: Keybin, watching: Watching): Promise<Position> {
  const { file, url, prefix, signal } = watching;
  const keep = async (cursor: string) => {
    if (file !== undefined) await replaceFile(file, [`${JSON.stringify({ url, prefix, cursor })}\n`], { mode: 0o600 });
  };
  const kept = file === undefined ? undefined : await read(file);
  if (kept && (kept.url !== url || kept.prefix !== prefix)) {
    throw new Failure(
      EXIT.failed,
      `${file} is of ${kept.prefix || 'all keys'} at ${kept.url}; name another file with --state`,
    );
  }
  if (kept) return { cursor: kept.cursor, keep };
  const { cursor } = await client.changes({ prefix, signal });
  await keep(cursor);
  return { cursor, keep };
}

async function read(file: string): Promise<Kept | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // An empty one is that of mktemp.
  if (text === '') return undefined;
  try {
    const kept = JSON.parse(text) as Kept;
    if (typeof kept.cursor === 'string') return kept;
  } catch {
    // said below
  }
  throw new Failure(EXIT.failed, `${file} is not what keybin watch writes; name another file with --state`);
}
