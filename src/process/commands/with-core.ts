import { statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../base/clock.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/options.ts';
import { refreshChosen } from '../../core/choosing.ts';
import type { Core } from '../../core/context.ts';
import { CommandError } from './command-error.ts';
import type { Common } from './frame.ts';
import { warningsOnly } from './warnings-only.ts';

/** How long a storage may take to answer, in milliseconds. */
const PATIENCE = 20_000;

/** The configuration that the server would read; warnings go to the standard error output. Throws `ConfigError`. */
export async function readConfig({ config: file }: Common): Promise<Config> {
  const { config, warnings } = await loadConfig({ file, environment: process.env });
  for (const warning of warnings) console.error(`warning: ${warning}`);
  return config;
}

/**
 * Opens the data of the server, which may run, and closes it in the end. Plugins are not loaded. Throws `CommandError` where there
 * is no data, or it is somebody else's, and when the storage does not answer.
 */
export async function withCore<T>(common: Common, work: (core: Core, config: Config) => Promise<T>): Promise<T> {
  const config = await readConfig(common);
  demandData(config.STORE.host);
  const { assemble } = await import('../assemble.ts');
  const core = await assemble(() => config, systemClock, warningsOnly);
  try {
    const late = pause(PATIENCE, undefined, { ref: false }).then(() => {
      throw new CommandError(`the storage does not answer (${core.storage.description}): is it running?`);
    });
    await Promise.race([core.storage.ready, late]);
    await refreshChosen(core);
    return await work(core, config);
  } finally {
    await core.background.idle();
    await core.passwords.close();
    await core.storage.close();
  }
}

/**
 * A folder that is not there is a mistake more often than a new server, and what root makes in the folder of another user is a server that
 * does not start any more.
 */
export function demandData(host: string): void {
  if (!host.startsWith('file:')) return;
  const folder = path.resolve(host.slice('file:'.length));
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new CommandError(
      `there is no data in ${folder}: start the server first, or say with --config FILE where its configuration is`,
    );
  }
  const me = process.getuid?.();
  if (me === 0 && found.uid !== 0) {
    throw new CommandError(
      `the data in ${folder} belongs to the user with the id ${found.uid}: run this as that user (sudo -u '#${found.uid}' keybin-server …)`,
    );
  }
}
