/** One file of a sync. */

import { DuplicateKeyError, StorageUnavailableError } from '../../../base/errors.ts';
import type { Core } from '../../../core/context.ts';
import { type FileDoc, type FileState, filesSpec } from '../../../core/dotfiles/collection.ts';
import { sha256Hex } from '../../../core/ids.ts';
import { withRoom } from '../../../core/quotas/quotas.ts';
import { type Claim, decide, type Status } from '../decide.ts';
import type { Offer } from '../offers.ts';

const RACES = 20;

/** A tracked file, what is offered for it, and what was found stored; that may be outdated and is never trusted. */
export interface Task {
  readonly key: readonly [accountId: string, config: string, path: string];
  readonly epoch: number;
  readonly offer: Offer | undefined;
  readonly found: FileState | undefined;
}

/** A task with the content that is offered. */
export interface ReadyTask extends Task {
  readonly claim: Claim;
  readonly content: Uint8Array;
}

/**
 * How a file was dealt with, and what is stored now. `config` is null where none of the account was asked for; `content` is
 * there when the client has to know it.
 */
export interface Dealt {
  readonly config: string | null;
  readonly path: string;
  readonly status: Status | 'refused';
  readonly copy?: FileState;
  readonly content?: Uint8Array;
}

/** Decodes and hashes what is offered. */
export function ready(task: Task): ReadyTask {
  const { content: base64, ...offer } = task.offer ?? {};
  const content = Buffer.from(base64 ?? '', 'base64');
  const claim = { ...offer, ...(base64 !== undefined && { sha256: sha256Hex(content) }) };
  return { ...task, claim, content };
}

/** Whether it looks as if the client had to be told the content. */
export function wantsContent({ claim, ...task }: ReadyTask): boolean {
  const status = decide(claim, liveCopy(task));
  return status === 'updated' || status === 'conflict';
}

/**
 * Decides and, where that is the decision, stores, in one step: nothing is stored over what was not seen. Throws
 * `StorageUnavailableError`, `QuotaExceededError`.
 */
export async function dealWith(core: Core, task: ReadyTask, read?: FileDoc): Promise<Dealt> {
  const { key, claim } = task;
  const [, config, path] = key;
  let found: FileState | FileDoc | undefined = read ?? task.found;
  for (let race = 0; race < RACES; race++) {
    const copy = liveCopy({ ...task, found });
    const status = decide(claim, copy);
    if (status === 'stored') {
      const stored = await store(core, task, found, copy);
      if (stored) return { config, path, status, copy: stored };
    } else if (status === 'missing' || copy === undefined) {
      return { config, path, status };
    } else if (status === 'unchanged') {
      return { config, path, status, copy };
    } else if ('content' in copy) {
      return { config, path, status, copy, content: copy.content };
    }
    found = await core.storage.collection(filesSpec).get(key);
  }
  throw new StorageUnavailableError('the file changes too fast');
}

/**
 * What is found, unless it is of an earlier epoch: then the path was taken out of the config and listed again. A later epoch
 * says that this happened after the config was read for this sync; it counts.
 */
function liveCopy<T extends FileState>({ epoch, found }: { epoch: number; found: T | undefined }): T | undefined {
  return found !== undefined && found.epoch >= epoch ? found : undefined;
}

/** Stores what is offered if what was found is still there as it was; returns what is stored then. */
async function store(
  core: Core,
  { key, epoch, claim, content }: ReadyTask,
  found: FileState | undefined,
  copy: FileState | undefined,
): Promise<FileState | undefined> {
  const files = core.storage.collection(filesSpec);
  const [user_id, config, path] = key;
  const mode = claim.mode ?? copy?.mode;
  const state: FileState = {
    epoch: copy?.epoch ?? epoch,
    sha256: claim.sha256 ?? '',
    size: content.byteLength,
    modified: core.clock.now(),
    ...(mode !== undefined && { mode }),
  };
  if (found === undefined) {
    const insert = () =>
      files.insert({ user_id, config, path, ...state, content }).then(
        () => true,
        error => {
          if (error instanceof DuplicateKeyError) return false;
          throw error;
        },
      );
    return (await withRoom(core, user_id, { bytes: state.size, keys: 1 }, insert)) ? state : undefined;
  }
  const change = { set: { ...state, content }, ...(mode === undefined && { unset: ['mode' as const] }) };
  const seen = { epoch: found.epoch, sha256: found.sha256, mode: found.mode };
  const growth = { bytes: state.size - found.size, keys: 0 };
  const update = async () => (await files.update(key, change, seen)) !== undefined;
  return (await withRoom(core, user_id, growth, update)) ? state : undefined;
}
