import { EXIT } from '../../../terminal/exit-codes.ts';
import { Failure } from '../../failure.ts';
import type { Remote } from '../engine/remote.ts';
import type { Taken } from '../home/config.ts';

/** Most paths of one config (contract, section 2). */
const MAX_FILES = 1000;

/** How often a change is made again that another machine's has replaced. */
const TRIES = 5;

/**
 * Changes the files of a config. A config is replaced as a whole and without a condition, so what another machine changes at the same
 * moment may be replaced: looked at again, the change is made again until it is there. Throws `Failure`.
 */
export async function editFiles(
  remote: Remote,
  { id, name }: Taken,
  change: (files: readonly string[]) => readonly string[],
): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const config = await remote.config(id);
    if (config === undefined)
      throw new Failure(
        EXIT.absent,
        `the server has no config ${name} any more; choose others with keybin dotsync init`,
      );
    const wanted = change(config.files);
    if (wanted.length > MAX_FILES) {
      throw new Failure(
        EXIT.failed,
        `a config has at most ${MAX_FILES} files, and ${name} would have ${wanted.length}; make another one with keybin dotsync init --new NAME`,
      );
    }
    if (wanted.length === config.files.length && wanted.every((path, i) => path === config.files[i])) return;
    await remote.replace(config, wanted);
  }
  throw new Failure(EXIT.failed, `other machines change ${name} all the time; try again`);
}
