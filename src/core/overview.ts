/** How much of everything an account has: what its first page shows. */

import type { Collection, Range } from '../storage/port.ts';
import { accountsSpec, entriesSpec, sessionsSpec, tokensSpec } from './collections.ts';
import type { Core } from './context.ts';
import { devicesSpec } from './devices/devices.ts';
import { configsSpec, filesSpec } from './dotfiles/collection.ts';
import { eventsSpec } from './events/collections.ts';
import { newestEvents } from './events/newest.ts';
import { isMember } from './members/membership.ts';
import { pagesOf } from './pages.ts';
import { punchesSpec } from './punches/collection.ts';
import { listPunches, type PunchView, runningPunches } from './punches/read.ts';

/** A count that stops early: with `more` there are others. */
export interface Count {
  readonly count: number;
  readonly more: boolean;
}

/** What an account has. */
export interface Overview {
  readonly entries: Count;
  readonly tokens: Count;
  readonly sessions: Count;
  /** Those that are not revoked, and when one was seen last. */
  readonly devices: Count & { readonly lastSeen: Date | undefined };
  /** The one that was begun last, and the last begun of those whose clock runs. */
  readonly punches: Count & { readonly last: PunchView | undefined; readonly running: PunchView | undefined };
  readonly dotfiles: Count & { readonly sets: number; readonly lastChange: Date | undefined };
  /** All of the shared history, and when the last of them happened; absent: the account is no member of it. */
  readonly events: (Count & { readonly last: Date | undefined }) | undefined;
}

const MOST_COUNTED = 1000;
/** Index entries read at once. */
const PAGE = 1000;

/** The overview of an account; not all of one moment. */
export async function overviewOf(core: Core, accountId: string): Promise<Overview> {
  const [entries, tokens, sessions, devices, punches, dotfiles, events] = await Promise.all([
    counted(core.storage.collection(entriesSpec), { index: 'listing', prefix: [accountId] }),
    counted(core.storage.collection(tokensSpec), { prefix: [accountId] }),
    counted(core.storage.collection(sessionsSpec), { prefix: [accountId] }),
    devicesIn(core, accountId),
    punchesIn(core, accountId),
    dotfilesIn(core, accountId),
    eventsFor(core, accountId),
  ]);
  return { entries, tokens, sessions, devices, punches, dotfiles, events };
}

async function counted(collection: Pick<Collection<object>, 'count'>, range: Range): Promise<Count> {
  const count = await collection.count(range, MOST_COUNTED + 1);
  return { count: Math.min(count, MOST_COUNTED), more: count > MOST_COUNTED };
}

async function devicesIn(core: Core, accountId: string): Promise<Overview['devices']> {
  const devices = core.storage.collection(devicesSpec);
  let count = 0;
  let lastSeen: Date | undefined;
  for await (const page of pagesOf(after => devices.scan({ prefix: [accountId], limit: PAGE, ...after }))) {
    for (const { revoked_at, last_seen } of page) {
      if (revoked_at !== undefined) continue;
      count++;
      if (lastSeen === undefined || last_seen > lastSeen) lastSeen = last_seen;
    }
  }
  return { count, more: false, lastSeen };
}

async function punchesIn(core: Core, accountId: string): Promise<Overview['punches']> {
  const [count, last, running] = await Promise.all([
    counted(core.storage.collection(punchesSpec), { index: 'starts', prefix: [accountId] }),
    listPunches(core, accountId, { limit: 1 }),
    runningPunches(core, accountId),
  ]);
  return { ...count, last: last.items[0], running: running[0] };
}

async function dotfilesIn(core: Core, accountId: string): Promise<Overview['dotfiles']> {
  const files = core.storage.collection(filesSpec);
  const changed = { index: 'changed', prefix: [accountId] };
  const [count, sets, { items }] = await Promise.all([
    counted(files, changed),
    core.storage.collection(configsSpec).count({ index: 'age', prefix: [accountId] }, PAGE),
    files.scan({ ...changed, order: 'desc', covered: true, limit: 1 }),
  ]);
  const [last] = items;
  return { ...count, sets, lastChange: last && new Date(last.modified) };
}

async function eventsFor(core: Core, accountId: string): Promise<Overview['events']> {
  const account = await core.storage.collection(accountsSpec).get([accountId]);
  if (account === undefined || !isMember(core, account)) return undefined;
  const [count, newest] = await Promise.all([
    counted(core.storage.collection(eventsSpec), {}),
    newestEvents(core, { limit: 1 }),
  ]);
  const [last] = newest.items;
  return { ...count, last: last && new Date(last.timestamp * 1000) };
}
