/** Dotfiles as pages show them. Which machine changed one last is not kept, and neither are earlier contents. */

import { NotFoundError } from '../../base/errors.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { configsSpec, type FileDoc, filesSpec, trackedBy } from './collection.ts';

/** A file that is kept equal on several machines. */
export interface Dotfile {
  /** The set of files that it belongs to. */
  readonly config: string;
  readonly path: string;
  /** What the server has of it; absent: no machine has sent it yet. Times are in milliseconds. */
  readonly copy?: Pick<FileDoc, 'size' | 'sha256' | 'mode' | 'modified'>;
}

/** A set of files; `git` is JSON text. */
export interface DotfileSet {
  readonly id: string;
  readonly git: string | undefined;
  readonly created: number;
  readonly updated: number;
  readonly files: readonly Dotfile[];
}

/** Copies read at once. */
const PAGE = 1000;

/** The sets of an account, the oldest first, with their files in their order; read as they are asked for. No content is read. */
export async function* dotfileSets(core: Core, accountId: string): AsyncGenerator<DotfileSet> {
  const configs = core.storage.collection(configsSpec);
  const copies = core.storage.collection(filesSpec);
  const scan = { index: 'age', prefix: [accountId], limit: 4 };
  for await (const page of pagesOf(after => configs.scan({ ...scan, ...after }))) {
    for (const config of page) {
      const { id, git, created, updated } = config;
      const found = new Map<string, FileDoc>();
      const states = { index: 'state', prefix: [accountId, id], covered: true, limit: PAGE };
      for await (const some of pagesOf(after => copies.scan({ ...states, ...after }))) {
        for (const copy of some) found.set(copy.path, copy);
      }
      const files = [...trackedBy(config)].map(([path, epoch]): Dotfile => {
        const copy = found.get(path);
        // One of an earlier epoch is of a time before the path was taken out and listed again.
        return copy !== undefined && copy.epoch >= epoch ? { config: id, path, copy } : { config: id, path };
      });
      yield { id, git, created, updated, files };
    }
  }
}

/** What the server has of a file. Throws `NotFoundError` (code `dotfile_not_found`). */
export async function readDotfile(core: Core, accountId: string, config: string, path: string): Promise<FileDoc> {
  if (config.includes('\0') || path.includes('\0')) throw dotfileNotFound();
  const [set, file] = await Promise.all([
    core.storage.collection(configsSpec).get([accountId, config]),
    core.storage.collection(filesSpec).get([accountId, config, path]),
  ]);
  const epoch = set && trackedBy(set).get(path);
  if (file === undefined || epoch === undefined || file.epoch < epoch) throw dotfileNotFound();
  return file;
}

function dotfileNotFound(): NotFoundError {
  return new NotFoundError('there is no such file', { code: 'dotfile_not_found' });
}
