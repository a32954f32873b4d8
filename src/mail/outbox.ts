import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MailError } from '../base/errors.ts';

/**
 * Writes a mail into a folder, which is made when it is not there; returns the path. Whoever finds the file finds all of it.
 * Names sort in the order of `at` (milliseconds). Throws `MailError`.
 */
export async function putIntoFolder(folder: string, content: string, at: number): Promise<string> {
  const time = new Date(at).toISOString().replaceAll(':', '-'); // Windows takes no colon
  const name = `${time}-${randomBytes(6).toString('hex')}`;
  const file = join(folder, `${name}.eml`);
  const unfinished = join(folder, `.${name}.tmp`);
  try {
    await makeFolder(folder);
    await writeFlushed(unfinished, content);
    await rename(unfinished, file);
    await flushFolder(folder);
    return file;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw new MailError(`cannot write into the folder ${folder}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Not Node's own `recursive`, which never ends in a file system where nothing can be made. */
async function makeFolder(folder: string): Promise<void> {
  const make = () => mkdir(folder, { mode: 0o700 });
  await make()
    .catch(async error => {
      if (error.code !== 'ENOENT' || dirname(folder) === folder) throw error;
      await makeFolder(dirname(folder));
      await make();
    })
    .catch(error => {
      if (error.code !== 'EEXIST') throw error;
    });
}

async function writeFlushed(file: string, content: string): Promise<void> {
  await closing(await open(file, 'wx', 0o600), async handle => {
    await handle.writeFile(content);
    await handle.sync();
  });
}

async function flushFolder(folder: string): Promise<void> {
  await closing(await open(folder), handle => handle.sync());
}

async function closing(handle: FileHandle, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}
