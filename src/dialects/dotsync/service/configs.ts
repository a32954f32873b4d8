/** The configs of an account. */

import { ConflictError, NotFoundError, StorageUnavailableError } from '../../../base/errors.ts';
import type { Core } from '../../../core/context.ts';
import { type ConfigDoc, configsSpec, filesSpec, trackedBy } from '../../../core/dotfiles/collection.ts';
import { newId } from '../../../core/ids.ts';
import { pagesOf } from '../../../core/pages.ts';
import { noteDeleted, withRoom } from '../../../core/quotas/quotas.ts';
import type { Change } from '../../../storage/port.ts';
import type { GivenConfig } from '../schema.ts';
import { dropUntracked } from './contents.ts';

/** Configs read at a time, and characters they have together, going by those before: one may have two million. */
const PAGE = { first: 4, most: 20, characters: 4_194_304 };
/** Most configs of an account. */
const MAX_CONFIGS = 1000;
const RACES = 20;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Makes a config; returns its id. Throws `QuotaExceededError`, and `ConflictError` (code `too_many_configs`): what goes through all
 * configs of an account has to end. Those that are made at the same moment may be a few more.
 */
export async function createConfig(core: Core, accountId: string, given: GivenConfig): Promise<string> {
  const { storage, clock } = core;
  const range = { index: 'age', prefix: [accountId] };
  if ((await storage.collection(configsSpec).count(range, MAX_CONFIGS)) === MAX_CONFIGS) {
    const message = `at most ${MAX_CONFIGS} configs of one account: delete one that is not needed any more`;
    throw new ConflictError(message, { code: 'too_many_configs' });
  }
  const id = newId();
  const seq = await storage.increment(configsSpec.name);
  const created = clock.now();
  const revision = 1;
  const texts = {
    ...(given.git && { git: JSON.stringify(given.git) }),
    files: JSON.stringify(given.files),
    epochs: JSON.stringify(given.files.map(() => revision)),
  };
  const size = sizeOf(texts);
  const config = { user_id: accountId, id, seq, ...texts, size, created, updated: created, revision };
  await withRoom(core, accountId, { bytes: size, keys: 1 }, () => storage.collection(configsSpec).insert(config));
  return id;
}

/** The config with this id. Throws `NotFoundError` (code `config_not_found`), also for what is no id. */
export async function getConfig({ storage }: Core, accountId: string, id: string): Promise<ConfigDoc> {
  const config = ID.test(id) ? await storage.collection(configsSpec).get([accountId, id]) : undefined;
  if (config === undefined) throw configNotFound();
  return config;
}

/** All configs of an account, oldest first. */
export function configPages({ storage }: Core, accountId: string): AsyncGenerator<ConfigDoc[]> {
  const configs = storage.collection(configsSpec);
  let limit = PAGE.first;
  return pagesOf(async after => {
    const page = await configs.scan({ index: 'age', prefix: [accountId], limit, ...after });
    const longest = Math.max(1, ...page.items.map(({ files, epochs }) => files.length + epochs.length));
    limit = Math.max(1, Math.min(Math.floor(PAGE.characters / longest), PAGE.most));
    return page;
  });
}

/**
 * Puts `given` in place of what a config says; the contents of paths that are not in it go. Throws `NotFoundError` when the
 * config was deleted meanwhile, `QuotaExceededError`.
 */
export async function replaceConfig(core: Core, config: ConfigDoc, given: GivenConfig): Promise<void> {
  const { user_id, id } = config;
  const configs = core.storage.collection(configsSpec);
  let before = config;
  for (let race = 0; race < RACES; race++) {
    const { revision, size = 0 } = before;
    const change = changeTo(given, before, core.clock.now());
    const growth = { bytes: (change.set?.size ?? 0) - size, keys: 0 };
    const replaced = await withRoom(
      core,
      user_id,
      growth,
      async () => (await configs.update([user_id, id], change, { revision })) !== undefined,
    );
    if (replaced) return dropUntracked(core, user_id, id);
    before = await getConfig(core, user_id, id);
  }
  throw new StorageUnavailableError('the config changes too fast');
}

/** A path that stays keeps its epoch. */
function changeTo(given: GivenConfig, before: ConfigDoc, now: number): Change<ConfigDoc> {
  const revision = before.revision + 1;
  const tracked = trackedBy(before);
  const files = JSON.stringify(given.files);
  const epochs = JSON.stringify(given.files.map(path => tracked.get(path) ?? revision));
  const texts = { files, epochs, ...(given.git && { git: JSON.stringify(given.git) }) };
  const set = { ...texts, size: sizeOf(texts), updated: now, revision };
  return given.git ? { set } : { set, unset: ['git'] };
}

function sizeOf({ git = '', files, epochs }: Pick<ConfigDoc, 'git' | 'files' | 'epochs'>): number {
  return Buffer.byteLength(git) + Buffer.byteLength(files) + Buffer.byteLength(epochs);
}

/** Removes a config and all contents below it. Throws `NotFoundError` (code `config_not_found`). */
export async function deleteConfig(core: Core, accountId: string, id: string): Promise<void> {
  const { storage } = core;
  if (!ID.test(id)) throw configNotFound();
  const deleted = await storage.collection(configsSpec).delete([accountId, id]);
  // In any case: the process may have died here the first time.
  await storage.collection(filesSpec).deleteMany({ prefix: [accountId, id] });
  noteDeleted(core, accountId);
  if (!deleted) throw configNotFound();
}

function configNotFound(): NotFoundError {
  return new NotFoundError('there is no such config', { code: 'config_not_found' });
}
