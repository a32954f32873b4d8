import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { StorageUnavailableError } from '../../../base/errors.ts';
import type { Named } from '../../port.ts';
import { demandSecretName, isSecret, newSecret } from '../../secret.ts';
import type { Environment } from '../environment.ts';
import { toStorageError } from '../errors.ts';
import { flushFolder, hasCode, ifThere, writeFlushed } from './durable.ts';
import { SECRETS } from './names.ts';

/** The secret in the file `secrets/<name>`, which is made if it is not there. */
export async function secretOf(env: Environment, name: string): Promise<string> {
  demandSecretName(name);
  env.beginRead();
  const folder = path.join(env.folder, SECRETS);
  try {
    const found = await ifThere(read(folder, name));
    if (found === undefined) await make(folder, name);
    await removeTemporary(folder, name);
    // Nobody may rely on it before, even if another process has made it this very moment.
    await flushFolder(folder);
    await flushFolder(env.folder);
    return found ?? (await read(folder, name));
  } catch (error) {
    throw toStorageError(error);
  }
}

/** The secrets that were made so far. */
export async function secretsIn(env: Environment): Promise<Named<string>[]> {
  env.beginRead();
  const folder = path.join(env.folder, SECRETS);
  try {
    const names = ((await ifThere(readdir(folder))) ?? []).filter(name => /^[a-z0-9-]+$/.test(name)).sort();
    return await Promise.all(names.map(async name => ({ name, value: await read(folder, name) })));
  } catch (error) {
    throw toStorageError(error);
  }
}

/** Makes a secret what it was elsewhere. To be done twice does nothing more. */
export async function keepSecret(env: Environment, { name, value }: Named<string>): Promise<void> {
  demandSecretName(name);
  const folder = path.join(env.folder, SECRETS);
  try {
    await make(folder, name, value);
    await flushFolder(folder);
    await flushFolder(env.folder);
  } catch (error) {
    throw toStorageError(error);
  }
}

async function read(folder: string, name: string): Promise<string> {
  const value = await readFile(path.join(folder, name), 'utf8');
  if (isSecret(value)) return value;
  throw new StorageUnavailableError(
    `the file ${SECRETS}/${name} in the data folder is damaged: restore it from a backup, or remove it, which makes a new ` +
      'one and ends what was issued with this',
  );
}

/** Written aside and linked: a link replaces nothing, so the first process wins, and there is never half a file. */
async function make(folder: string, name: string, value = newSecret()): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = path.join(folder, `${name}.${randomUUID()}`);
  try {
    await writeFlushed(temporary, [Buffer.from(value)]);
    await link(temporary, path.join(folder, name));
  } catch (error) {
    // There is one already, or whoever made it has tidied up in between.
    if (!hasCode(error, 'EEXIST', 'ENOENT')) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Removes what processes have left that died. Once there is a secret, nobody needs another one. */
async function removeTemporary(folder: string, name: string): Promise<void> {
  const files = await readdir(folder);
  for (const file of files.filter(each => each.startsWith(`${name}.`)))
    await rm(path.join(folder, file), { force: true });
}
