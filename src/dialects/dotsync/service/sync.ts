/** A sync: the files of some configs, each dealt with in its turn. */

import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../../core/context.ts';
import {
  type ConfigDoc,
  configsSpec,
  type FileState,
  filesSpec,
  trackedBy,
} from '../../../core/dotfiles/collection.ts';
import type { OfferBook } from '../offer-book.ts';
import { decodedSize, type Offer } from '../offers.ts';
import { dropUntracked, readStates } from './contents.ts';
import { type Dealt, dealWith, type ReadyTask, ready, type Task, wantsContent } from './file.ts';

/** Files under way at a time, and bytes of their contents: no more than one file may have. */
const BATCH_FILES = 16;
const BATCH_BYTES = 1_048_576;
/** Refused files told of at a time. */
const REFUSED_FILES = 256;

/** Configs, some at a time. */
export type Pages = AsyncIterable<readonly ConfigDoc[]> | Iterable<readonly ConfigDoc[]>;

/**
 * Syncs the configs in their order; what no config took of the book is refused in the end. Yields files as they have been
 * dealt with; others have their turn in between, however fast the engine and the client are. Throws `StorageUnavailableError`,
 * `QuotaExceededError`.
 */
export async function* syncAll(core: Core, pages: Pages, book: OfferBook): AsyncGenerator<Dealt[]> {
  const slices = inSlices();
  for await (const configs of pages) {
    for (const config of configs) {
      for await (const dealt of syncConfig(core, config, book.offersFor(config.id))) {
        yield dealt;
        if (slices.over()) await slices.pause();
      }
    }
  }
  let some: Dealt[] = [];
  for (const dealt of book.refused()) {
    if (some.push(dealt) < REFUSED_FILES) continue;
    yield some;
    some = [];
    if (slices.over()) await slices.pause();
  }
  yield some;
}

async function* syncConfig(
  core: Core,
  config: ConfigDoc,
  offerFor: (path: string) => Offer | undefined,
): AsyncGenerator<Dealt[]> {
  const { user_id, id } = config;
  const states = await readStates(core, config);
  const tracked = trackedBy(config);
  const tasks = [...tracked].map(
    ([path, epoch]): Task => ({ key: [user_id, id, path], epoch, offer: offerFor(path), found: states.get(path) }),
  );
  try {
    for (const batch of batchesOf(tasks)) yield* dealWithAll(core, config, batch.map(ready));
  } finally {
    if (hasStrays(states, tracked) || (tasks.some(offersContent) && (await hasChanged(core, config)))) {
      await dropUntracked(core, user_id, id);
    }
  }
}

/** Deals with a few files at once, in their order: each by itself when something may be stored, else all together. */
async function* dealWithAll(core: Core, config: ConfigDoc, tasks: readonly ReadyTask[]): AsyncGenerator<Dealt[]> {
  const wanting = tasks.filter(wantsContent);
  const read = await core.storage.collection(filesSpec).getMany(wanting.map(({ key }) => key));
  const docs = new Map(wanting.map((task, i) => [task, read[i]]));
  const running = tasks.map(async task => confirmed(core, config, task, await dealWith(core, task, docs.get(task))));
  const over = Promise.allSettled(running);
  try {
    if (!tasks.some(offersContent)) yield await Promise.all(running);
    else for (const dealt of running) yield [await dealt];
  } finally {
    // After an error, or when the client has gone away: nothing may be stored later than this.
    await over;
  }
}

/**
 * A client forgets what it was told is stored, so that has to be tracked still: a sync may take long, and the config may have
 * changed since it was read. Under a path that was listed anew the file is dealt with again, one that was taken out is refused.
 */
async function confirmed(core: Core, before: ConfigDoc, task: ReadyTask, dealt: Dealt): Promise<Dealt> {
  if (dealt.status !== 'stored') return dealt;
  const { user_id, id } = before;
  const config = await core.storage.collection(configsSpec).get([user_id, id]);
  if (config?.revision === before.revision) return dealt;
  const epoch = config && trackedBy(config).get(dealt.path);
  if (epoch === undefined) return { config: id, path: dealt.path, status: 'refused' };
  if (epoch === dealt.copy?.epoch) return dealt;
  const again = { ...task, epoch };
  return confirmed(core, config as ConfigDoc, again, await dealWith(core, again));
}

function* batchesOf(tasks: readonly Task[]): Generator<Task[]> {
  let batch: Task[] = [];
  let bytes = 0;
  for (const task of tasks) {
    const more = bytesOf(task);
    if (batch.length === BATCH_FILES || (batch.length > 0 && bytes + more > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(task);
    bytes += more;
  }
  yield batch;
}

function offersContent({ offer }: Task): boolean {
  return offer?.content !== undefined;
}

/** What a file may take of memory: the content that is offered, and the one that is stored. */
function bytesOf({ offer, found }: Task): number {
  const offered = offer?.content === undefined ? 0 : decodedSize(offer.content);
  return offered + (found === undefined || found.sha256 === offer?.base ? 0 : found.size);
}

/** Whether more is stored than what is tracked: left behind by a process that died. */
function hasStrays(states: ReadonlyMap<string, FileState>, tracked: ReadonlyMap<string, number>): boolean {
  return [...states].some(([path, { epoch }]) => tracked.get(path) !== epoch);
}

async function hasChanged({ storage }: Core, { user_id, id, revision }: ConfigDoc): Promise<boolean> {
  return (await storage.collection(configsSpec).get([user_id, id]))?.revision !== revision;
}
