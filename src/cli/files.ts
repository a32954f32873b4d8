/** Files that are there whole or not at all. */

import { open, rename, rm, stat } from 'node:fs/promises';

/** Of {@link replaceFile}. */
export interface FileOptions {
  /** Its permissions, where there was none before; those of the user's mask otherwise. */
  readonly mode?: number;
}

/** The error of a file that is open does not say which one it is; with this it does. */
export function ofFile(error: unknown, path: string): unknown {
  return error instanceof Error && 'syscall' in error && !('path' in error) ? Object.assign(error, { path }) : error;
}

/** Puts a file in the place of another; what breaks off leaves the former one. Devices and pipes are written to as they are. */
export async function replaceFile(
  file: string,
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
  { mode = 0o666 }: FileOptions = {},
): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  const isPlace = found === undefined || found.isFile();
  const name = isPlace ? `${file}.${process.pid}~` : file;
  const handle = await open(name, isPlace ? 'wx' : 'w', found?.isFile() ? found.mode & 0o777 : mode);
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk);
    if (isPlace) await handle.sync();
    await handle.close();
    if (isPlace) await rename(name, file);
  } catch (error) {
    await handle.close().catch(() => {});
    if (isPlace) await rm(name, { force: true });
    throw ofFile(error, file);
  }
}
