/** How much there is on the server, in numbers that cost little however much it is: no operation is read or counted. */

import { eachInSlices } from '../base/slices.ts';
import { accountsSpec, auditSpec, blobRefsSpec } from './collections.ts';
import type { Core } from './context.ts';
import { devicesSpec } from './devices/devices.ts';
import { lastHousekeeping } from './housekeeping.ts';
import { mailTrouble } from './mail/queue.ts';
import { pagesOf } from './pages.ts';
import { wholeOf } from './unchanged.ts';
import { recentOperations } from './vaults/growth.ts';
import { vaultsSpec } from './vaults/vaults.ts';

const DAY_MS = 86_400_000;
/** Documents or entries of an index read at once. */
const PAGE = 1000;

/** Numbers, under the names that Verstak's JSON has for them, and moments. Not all of one moment. */
export async function statisticsOf(core: Core) {
  const { storage } = core;
  const [accounts, devices, vaults, blobs, audit_events, database_bytes, mails, last_cleanup_at] = await Promise.all([
    countAccounts(core),
    countDevices(core),
    countVaults(core),
    countBlobs(core),
    storage.collection(auditSpec).count({}),
    storage.size(),
    mailTrouble(core),
    lastHousekeeping(core),
  ]);
  return {
    ...accounts,
    ...devices,
    ...vaults,
    ...blobs,
    // What has expired does not exist for anybody who asks the storage.
    expired_sessions: 0,
    expired_email_tokens: 0,
    audit_events,
    // What an admin has to see of mails that do not go out.
    mails_waiting: mails.waiting,
    mails_failing: mails.failing,
    last_mail_error: mails.last?.error ?? '',
    last_mail_error_at: mails.last?.failed_at,
    database_bytes,
    last_cleanup_at,
  };
}

/** What `statisticsOf` gives. */
export type Statistics = Awaited<ReturnType<typeof statisticsOf>>;

/** Each account is active, blocked, or waits for its confirmation. Few are blocked or being erased: those are looked at. */
async function countAccounts(core: Core) {
  const accounts = core.storage.collection(accountsSpec);
  const counts = { users: await accounts.count({}), blocked_users: 0, unconfirmed_users: 0 };
  counts.unconfirmed_users = await accounts.count({ index: 'unconfirmed' });
  for await (const page of pagesOf(after => accounts.scan({ index: 'blocked', limit: PAGE, ...after }))) {
    for (const { erasing_at, unconfirmed_at } of page) {
      if (erasing_at) continue;
      counts.blocked_users++;
      if (unconfirmed_at) counts.unconfirmed_users--;
    }
  }
  for await (const page of pagesOf(after => accounts.scan({ index: 'erasing', limit: PAGE, ...after }))) {
    for (const { unconfirmed_at } of page) {
      counts.users--;
      if (unconfirmed_at) counts.unconfirmed_users--;
    }
  }
  const { users, blocked_users, unconfirmed_users } = counts;
  return { ...counts, active_users: users - blocked_users - unconfirmed_users };
}

async function countDevices(core: Core) {
  const devices = core.storage.collection(devicesSpec);
  const revoked_devices = await devices.count({ index: 'revoked' });
  return { active_devices: (await devices.count({})) - revoked_devices, revoked_devices };
}

/** A vault counts its own operations. */
async function countVaults(core: Core) {
  const vaults = core.storage.collection(vaultsSpec);
  const now = core.clock.now();
  const sum = { operations: 0, operations_24h: 0, last: undefined as Date | undefined };
  const all = await wholeOf(vaults);
  await eachInSlices(all, vault => {
    sum.operations += vault.operations;
    const { last_activity } = vault;
    if (last_activity === undefined) return;
    if (sum.last === undefined || last_activity > sum.last) sum.last = last_activity;
    if (last_activity.getTime() >= now - DAY_MS) sum.operations_24h += recentOperations(vault, now);
  });
  const { operations, operations_24h, last } = sum;
  return { vaults: all.length, operations, operations_24h, last_sync_activity: last };
}

/**
 * References lie in the order of what they refer to: each content is counted where it comes first. Those that are stored beside
 * them have nobody who refers to them.
 */
async function countBlobs(core: Core) {
  const { blobs } = core.storage;
  const refs = core.storage.collection(blobRefsSpec);
  const counts = { blobs: 0, blob_references: 0, blob_bytes: 0 };
  let before = '';
  for await (const page of pagesOf(after => refs.scan({ index: 'content', covered: true, limit: PAGE, ...after }))) {
    for (const { hash, size } of page) {
      counts.blob_references++;
      if (hash === before) continue;
      before = hash;
      counts.blobs++;
      counts.blob_bytes += size;
    }
  }
  const orphan_blobs = Math.max(0, (await blobs.count()) - counts.blobs);
  // To count them is to remove those that have died.
  const temp_uploads = core.settings.readOnly() ? 0 : (await blobs.sweep()).unfinished;
  return { ...counts, orphan_blobs, temp_uploads };
}
