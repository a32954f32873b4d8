/** Who is signed in where: `${XDG_CONFIG_HOME:-~/.config}/keybin/config.json`, for its user alone. */

import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT } from '../terminal/exit-codes.ts';
import { Failure } from './failure.ts';
import { ofFile } from './files.ts';

/** A server, an account on it, and the token that opens it. */
export interface Profile {
  readonly url: string;
  readonly account: string;
  readonly token: string;
  readonly token_id: string;
  /** Seconds that the token lives from each renewal. */
  readonly ttl: number;
  /** RFC 3339. */
  readonly expires_at: string;
}

/** What the file holds. */
export interface Profiles {
  /** The one that counts where none is named. */
  readonly current: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** The name of the first one. */
export const DEFAULT_PROFILE = 'default';

const EMPTY: Profiles = { current: DEFAULT_PROFILE, profiles: {} };

/** Milliseconds after which whoever holds the file is taken for dead, and between two looks. */
const STALE = 10_000;
const LOOK = 20;

/** The path of the file. */
export function profilesFile(environment: NodeJS.ProcessEnv): string {
  // Relative paths are to be ignored: XDG Base Directory Specification.
  const base = environment.XDG_CONFIG_HOME?.startsWith('/') ? environment.XDG_CONFIG_HOME : undefined;
  return join(base ?? join(environment.HOME || homedir(), '.config'), 'keybin', 'config.json');
}

/** Reads it; nobody is signed in where there is none. Throws `Failure` when it cannot be understood. */
export async function readProfiles(environment: NodeJS.ProcessEnv): Promise<Profiles> {
  const file = profilesFile(environment);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return EMPTY;
  try {
    const { current = DEFAULT_PROFILE, profiles } = JSON.parse(text) as Partial<Profiles>;
    const found = Object.values(profiles ?? {});
    if (profiles === undefined || !found.every(({ url, token }) => URL.canParse(url) && typeof token === 'string'))
      throw new Error();
    return { current, profiles };
  } catch {
    throw new Failure(EXIT.failed, `${file} is not what keybin login writes; remove it, and sign in again`);
  }
}

/** Changes it, one process after the other. Never is there half a file, nor one that others can read. */
export async function changeProfiles(
  environment: NodeJS.ProcessEnv,
  change: (now: Profiles) => Profiles,
): Promise<void> {
  const file = profilesFile(environment);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await withLock(`${file}.lock`, async () => {
    const next = `${file}.${process.pid}`;
    const handle = await open(next, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(change(await readProfiles(environment)), undefined, 2)}\n`);
      await handle.sync();
      await handle.close();
      await rename(next, file);
    } catch (error) {
      await handle.close().catch(() => {});
      await rm(next, { force: true });
      throw ofFile(error, file);
    }
  });
}

async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    const taken = await open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (taken) {
      await taken.close();
      return work().finally(() => rm(path, { force: true }));
    }
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE) await rm(path, { force: true });
    else await pause(LOOK);
  }
}
