import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { PayloadTooLargeError } from '../../errors.ts';

/** Writes a new file and flushes it; returns the hash and size. Throws `PayloadTooLargeError` over `maxBytes`. */
export async function writeFlushed(file: string, content: AsyncIterable<Uint8Array>, maxBytes: number) {
  const handle = await open(file, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of content) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new PayloadTooLargeError(maxBytes);
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    await handle.sync();
    return { sha256: hash.digest('hex'), size };
  } finally {
    await handle.close();
  }
}

/** Makes a rename in a folder durable. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Resolves to undefined when the file is not there. */
export async function ifThere<R>(work: Promise<R>): Promise<R | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
