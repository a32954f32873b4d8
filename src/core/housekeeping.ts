/** What has to be tidied up from time to time, by one of the processes that share the data. */

import { DuplicateKeyError } from '../base/errors.ts';
import { eraseAccount, markForErasing } from './accounts/erase.ts';
import { recordOwn, trimAudit } from './audit/record.ts';
import { sweepBlobs } from './blobs/blobs.ts';
import { accountsSpec, housekeepingSpec } from './collections.ts';
import type { Core } from './context.ts';
import { noteTotals } from './observing/totals.ts';
import { pagesOf } from './pages.ts';

const ID = 'cleanup';

const DAY_MS = 86_400_000;

/** Accounts read at once. */
const PAGE = 100;

/** Milliseconds in which it is not done twice; less than an hour, since clocks that fire every hour are not exact. */
const APART_MS = 3_300_000;

/**
 * Sweeps blobs, the audit log and registrations that nobody confirmed, and has `others` tidy up; none keeps another from being done. Nothing happens when another
 * process began with it lately, unless it has to be done `now`.
 */
export async function keepHouse(
  core: Core,
  others: () => Promise<unknown>,
  { now = false }: { now?: boolean } = {},
): Promise<void> {
  if (!(await claim(core, now))) return;
  const swept = sweepBlobs(core).then(contents => noteTotals(core, contents));
  await Promise.all([swept, trimAudit(core), eraseUnconfirmed(core), others()]);
}

/** Erases accounts that have waited too long for the confirmation of the e-mail they registered with: their names are free again. */
async function eraseUnconfirmed(core: Core): Promise<void> {
  const accounts = core.storage.collection(accountsSpec);
  const days = core.settings.unconfirmedDays();
  const below = new Date(core.clock.now() - days * DAY_MS);
  const waiting = { index: 'unconfirmed', below, limit: PAGE };
  for await (const page of pagesOf(after => accounts.scan({ ...waiting, ...after }))) {
    for (const { user_id, unconfirmed_at, created_at, admin } of page) {
      // An account that was open before has been more than a registration.
      if (admin || created_at?.getTime() !== unconfirmed_at?.getTime()) continue;
      const marked = await markForErasing(core, user_id, { unconfirmed_at, erasing_at: undefined });
      if (!marked) continue;
      await recordOwn(core, 'user_deleted', { accountId: user_id, message: `not confirmed within ${days} days` });
      await eraseAccount(core, marked);
    }
  }
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
