import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { BackupError } from '../../../keep/backup-error.ts';
import { unsealed } from '../../../keep/file/seal.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { type Progress, showProgress } from '../../../terminal/progress.ts';
import { CommandError } from '../command-error.ts';

const PIECE = 1024 * 1024;

/** A backup that is read from its beginning to its end. */
export interface Source {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Takes the progress away. */
  end(): void;
}

/** Reads a file, or the standard input where it is `-`, and shows how far that is. Throws `CommandError`: there is no such file. */
export async function sourceOf(file: string, label: string): Promise<Source> {
  const size = file === '-' ? undefined : await sizeOf(file);
  const progress = showProgress({ label, unit: 'KB', total: size === undefined ? undefined : size / 1000 });
  const stream: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: PIECE });
  return { bytes: counted(stream, progress), end: () => progress.end() };
}

/** Throws `BackupError` when the file is not what was written: that takes a moment, and nothing was begun yet. */
export async function demandSealed(file: string): Promise<void> {
  const { bytes, end } = await sourceOf(file, 'looking through the backup');
  try {
    for await (const _ of unsealed(bytes));
  } finally {
    end();
  }
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(
      `${file} cannot be read (${cause.message})`,
      cause.code === 'ENOENT' ? EXIT.absent : EXIT.failed,
    );
  });
  if (found.isDirectory()) throw new CommandError(`${file} is a folder: name one of the backups in it`, EXIT.usage);
  return found.size;
}

async function* counted(stream: AsyncIterable<Uint8Array>, progress: Progress): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of stream) {
      yield piece;
      progress.advance(piece.length / 1000);
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new BackupError(`the backup cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
}
