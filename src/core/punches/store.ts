import { DuplicateKeyError, StorageUnavailableError } from '../../base/errors.ts';
import { eachInSlices, inSlices, sortInSlices } from '../../base/slices.ts';
import type { Collection } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { tellPlugins } from '../plugins/tell.ts';
import { noteDeleted, withRoom } from '../quotas/quotas.ts';
import { type PunchDoc, punchesSpec } from './collection.ts';
import { filteredIds, filteredPunches } from './filtered.ts';
import type { Punch } from './punch.ts';
import { announcing, type Writing } from './stretches.ts';

/** Punches read at once for a download: a mebibyte each at most, which has to be answered in time. */
const READ_PORTION = 16;

/** Punches decided on, and written side by side, at a time: each of these writes has to be answered in time. */
const WRITE_PORTION = 256;
/** Bytes of theirs, unless a single one has more. */
const WRITE_BYTES = 1_048_576;

/** What a punch loses when it is deleted; what it loses when it is stored, and what of it may be missing then. */
const CONTENT = ['updated', 'body', 'size', 'start', 'out', 'running', 'project', 'rate'] as const;
const DELETED = ['mark', 'gone'] as const;
const OPTIONAL = ['out', 'running', 'rate'] as const;

/** How often one punch is decided on again because others wrote it meanwhile. Each time it got newer. */
const ATTEMPTS = 100;

/**
 * Stores the punches that are newer than what is stored, or than a deletion. Each is one atomic step; after an error some of
 * them may be stored. Throws `QuotaExceededError`.
 */
export async function storePunches(core: Core, accountId: string, sent: readonly Punch[]): Promise<void> {
  const given = core.plugins.filters('punches.upload') ? await filteredPunches(core, accountId, sent) : sent;
  const punches = core.storage.collection(punchesSpec);
  // In the order of their keys: what is written together lies together, and an engine writes each place once.
  const sorted = await sortInSlices(await newestOf(given), (a, b) => (a.id < b.id ? -1 : 1));
  await announcing(core, accountId, async writing => {
    await writing.announce(sorted.map(({ figures }) => figures.start));
    for await (const portion of portionsOf(sorted, WRITE_PORTION, ({ body }) => body.length)) {
      const stored = await punches.getMany(portion.map(({ id }) => [accountId, id]));
      await writing.announce(stored.map(before => before?.start));
      await allSettled(portion.map((punch, i) => store(writing, punch, stored[i])));
    }
  });
  if (core.plugins.acts('punches.uploaded') && sorted.length > 0) {
    tellPlugins(core, 'punches.uploaded', accountId, { ids: sorted.map(({ id }) => id) });
  }
}

/** Deletes the punches that are there; each leaves a tombstone. After an error some of them may be deleted. */
export async function deletePunches(core: Core, accountId: string, sent: readonly string[]): Promise<void> {
  const ids = core.plugins.filters('punches.delete')
    ? await filteredIds(core, 'punches.delete', accountId, sent)
    : sent;
  const punches = core.storage.collection(punchesSpec);
  await announcing(core, accountId, async writing => {
    for await (const portion of portionsOf(ids, WRITE_PORTION)) {
      const stored = await punches.getMany(portion.map(id => [accountId, id]));
      await writing.announce(stored.map(before => before?.start));
      await allSettled(portion.map((id, i) => bury(writing, id, stored[i])));
      noteDeleted(core, accountId);
    }
  });
  if (core.plugins.acts('punches.deleted') && ids.length > 0) tellPlugins(core, 'punches.deleted', accountId, { ids });
}

/** The JSON texts of the punches that are there, in the order of their ids, a portion at a time. */
export async function* readPunchPages(
  core: Core,
  accountId: string,
  sent: readonly string[],
): AsyncGenerator<readonly string[]> {
  const ids = core.plugins.filters('punches.download')
    ? await filteredIds(core, 'punches.download', accountId, sent)
    : sent;
  const punches = core.storage.collection(punchesSpec);
  for await (const portion of portionsOf(ids, READ_PORTION)) {
    const stored = await punches.getMany(portion.map(id => [accountId, id]));
    yield stored.flatMap(punch => punch?.body ?? []);
  }
}

/** Of each id the punch that is left when all are taken in one after the other: the newest, of equal ones the first. */
async function newestOf(punches: readonly Punch[]): Promise<Punch[]> {
  const newest = new Map<string, Punch>();
  await eachInSlices(punches, punch => {
    const other = newest.get(punch.id);
    if (other === undefined || punch.updated > other.updated) newest.set(punch.id, punch);
  });
  return [...newest.values()];
}

function store(
  { core, accountId, announce, filled }: Writing,
  { id, updated, body, figures }: Punch,
  stored: PunchDoc | undefined,
): Promise<void> {
  const punches = core.storage.collection(punchesSpec);
  const size = Buffer.byteLength(body);
  return settle(punches, [accountId, id], stored, async before => {
    if (before === undefined) {
      const wait = announce([figures.start]); // as a rule there is none, of ten thousand punches
      if (wait) await wait;
      const doc = { user_id: accountId, id, updated, body, size, ...figures };
      return withRoom(core, accountId, { bytes: size, keys: 1 }, async () =>
        filled(figures.start, await inserted(punches, doc)),
      );
    }
    const { updated: live, mark } = before;
    if (updated <= (live ?? mark ?? 0)) return true;
    const wait = announce([before.start, figures.start]);
    if (wait) await wait;
    const asRead = live === undefined ? { mark } : { updated: live };
    const missing = OPTIONAL.filter(field => figures[field] === undefined);
    const change = { set: { updated, body, size, ...figures }, unset: [...DELETED, ...missing] };
    const growth = { bytes: size - (before.size ?? 0), keys: live === undefined ? 1 : 0 };
    return withRoom(core, accountId, growth, async () =>
      filled(figures.start, (await punches.update([accountId, id], change, asRead)) !== undefined),
    );
  });
}

function bury({ core, accountId, announce }: Writing, id: string, stored: PunchDoc | undefined): Promise<void> {
  const punches = core.storage.collection(punchesSpec);
  return settle(punches, [accountId, id], stored, async before => {
    if (before?.updated === undefined) return true;
    const { updated, start } = before;
    await announce([start]);
    // A punch dated in the future must not come straight back.
    const change = { set: { mark: Math.max(core.clock.now(), updated), gone: 1 }, unset: CONTENT } as const;
    return (await punches.update([accountId, id], change, { updated })) !== undefined;
  });
}

/**
 * Decides on what is stored until that is still so when it is acted upon: `act` returns false when others were faster.
 * Throws `StorageUnavailableError` when they always are.
 */
async function settle(
  punches: Collection<PunchDoc>,
  key: readonly string[],
  stored: PunchDoc | undefined,
  act: (stored: PunchDoc | undefined) => Promise<boolean>,
): Promise<void> {
  let before = stored;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await act(before)) return;
    before = await punches.get(key);
  }
  throw new StorageUnavailableError('others keep changing this punch');
}

/** Waits for all of them, so that none is under way any more when one has failed; throws what the storage failed with rather than anything else. */
async function allSettled(writes: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(writes);
  const errors = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (errors.length > 0) throw errors.find(error => error instanceof StorageUnavailableError) ?? errors[0];
}

async function inserted(punches: Collection<PunchDoc>, doc: PunchDoc): Promise<boolean> {
  try {
    await punches.insert(doc);
    return true;
  } catch (error) {
    if (error instanceof DuplicateKeyError) return false;
    throw error;
  }
}

/**
 * No more than `size` of them and, as `weigh` says, `WRITE_BYTES` at a time. Others have their turn between them: where nothing is written,
 * an engine that answers at once would let none in.
 */
async function* portionsOf<T>(
  items: readonly T[],
  size: number,
  weigh: (item: T) => number = () => 0,
): AsyncGenerator<readonly T[]> {
  const slices = inSlices();
  for (let at = 0; at < items.length; ) {
    if (slices.over()) await slices.pause();
    const begin = at;
    let bytes = 0;
    do bytes += weigh(items[at++] as T);
    while (at < items.length && at - begin < size && bytes + weigh(items[at] as T) <= WRITE_BYTES);
    yield items.slice(begin, at);
  }
}
