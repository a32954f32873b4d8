/** What has to be tidied up from time to time, by one of the processes that share the data. */

import { DuplicateKeyError } from '../errors.ts';
import { trimAudit } from './audit.ts';
import { sweepBlobs } from './blobs.ts';
import { housekeepingSpec } from './collections.ts';
import type { Core } from './context.ts';

const ID = 'cleanup';

/** Milliseconds in which it is not done twice; less than an hour, since clocks that fire every hour are not exact. */
const APART_MS = 3_300_000;

/**
 * Sweeps blobs and the audit log and has `others` tidy up; none keeps another from being done. Nothing happens when another
 * process began with it lately, unless it has to be done `now`.
 */
export async function keepHouse(
  core: Core,
  others: () => Promise<unknown>,
  { now = false }: { now?: boolean } = {},
): Promise<void> {
  if (!(await claim(core, now))) return;
  await Promise.all([sweepBlobs(core), trimAudit(core), others()]);
}

/** When housekeeping was begun last; undefined before the first time. */
export async function lastHousekeeping(core: Core): Promise<Date | undefined> {
  return (await core.storage.collection(housekeepingSpec).get([ID]))?.at;
}

/** Whether it is this process's turn: of several that ask at once, one gets true. */
async function claim(core: Core, anyway: boolean): Promise<boolean> {
  const docs = core.storage.collection(housekeepingSpec);
  const at = new Date(core.clock.now());
  const last = await docs.get([ID]);
  if (last) {
    if (!anyway && at.getTime() - last.at.getTime() < APART_MS) return false;
    return (await docs.update([ID], { set: { at } }, { at: last.at })) !== undefined;
  }
  try {
    await docs.insert({ id: ID, at });
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
}
