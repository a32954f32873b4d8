import { EXIT } from '../../../terminal/exit-codes.ts';
import { Failure } from '../../failure.ts';
import type { Desk } from '../desk.ts';
import { trackedPath } from '../engine/paths.ts';
import { absolute } from '../files/expand.ts';
import type { Taken } from '../home/config.ts';

/** The config that watches a file of this machine, and its name there. Throws `Failure` when none does. */
export async function findTracked(
  { folder, settings, remote }: Desk,
  file: string,
): Promise<{ config: Taken; path: string }> {
  const path = trackedPath(folder.home, absolute(folder.home, process.cwd(), file));
  for (const config of settings.configs) {
    if ((await remote.config(config.id))?.files.includes(path)) return { config, path };
  }
  throw new Failure(EXIT.absent, `${path} is not watched; keybin dotsync ls shows what is`);
}
