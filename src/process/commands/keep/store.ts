/** The storages that are copied from one place to another. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../../base/clock.ts';
import type { Config } from '../../../config/options.ts';
import { openStorage } from '../../../storage/open.ts';
import type { OpenOptions } from '../../../storage/options.ts';
import type { Storage } from '../../../storage/port.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { storageOptions } from '../../assemble.ts';
import { CommandError } from '../command-error.ts';
import { warningsOnly } from '../warnings-only.ts';
import { demandData } from '../with-core.ts';

/** How long a storage may take to answer, in milliseconds. */
const PATIENCE = 20_000;

/** Another storage than the configured one. */
export interface Place {
  /** As [STORE] host has it; a path stands for a folder. */
  readonly host?: string | undefined;
  /** As [STORE] database has it. */
  readonly database?: string | undefined;
}

/** What a storage is opened with. Throws `CommandError` when the place is none, or tells a password to whoever lists processes. */
export function optionsFor(config: Config, { host, database }: Place, purpose: OpenOptions['purpose']): OpenOptions {
  const options = storageOptions(config);
  const other = { ...(host !== undefined && { host: hostOf(host) }), ...(database !== undefined && { database }) };
  return { ...options, ...other, purpose };
}

/** Name of the engine of a host. */
export function engineOf({ host }: Pick<OpenOptions, 'host'>): 'embedded' | 'mongodb' {
  return host.startsWith('file:') ? 'embedded' : 'mongodb';
}

/** Opens a storage, and closes it in the end. Throws `CommandError` when it does not answer, `StartupError`. */
export async function withStore<T>(options: OpenOptions, work: (storage: Storage) => Promise<T>): Promise<T> {
  const folder = engineOf(options) === 'embedded' ? path.resolve(options.host.slice('file:'.length)) : undefined;
  if (folder !== undefined && (options.purpose === 'copy' || existsSync(folder))) demandData(options.host);
  const storage = await openStorage(options, systemClock, warningsOnly);
  try {
    const answered = new AbortController();
    const late = pause(PATIENCE, undefined, { ref: false, signal: answered.signal }).then(() => {
      throw new CommandError(`the storage does not answer (${storage.description}): is it running?`);
    });
    late.catch(() => {});
    await Promise.race([storage.ready, late]);
    answered.abort();
    return await work(storage);
  } finally {
    await storage.close();
  }
}

function hostOf(text: string): string {
  if (/^mongodb(\+srv)?:\/\/[^/]*:[^/]*@/.test(text)) {
    throw new CommandError(
      'whoever lists the processes would see the password in that address: set it as KEYBIN_STORE_HOST, or in the file of --config, instead',
      EXIT.usage,
    );
  }
  if (/^(file:|mongodb(\+srv)?:\/\/)/.test(text)) return text;
  throw new CommandError(`expected file:FOLDER or mongodb://HOST:PORT/ instead of ${JSON.stringify(text)}`, EXIT.usage);
}
