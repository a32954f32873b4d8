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

/** Which files are kept equal together; `git` is JSON text. */
export interface TrackedSet {
  readonly id: string;
  readonly git: string | undefined;
  readonly created: number;
  readonly updated: number;
  /** The paths in their order, each with its epoch. */
  readonly tracked: ReadonlyMap<string, number>;
}

/** The same with all of its files, in their order. */
export interface DotfileSet extends TrackedSet {
  readonly files: readonly Dotfile[];
}

/** Copies read at once. */
const PAGE = 1000;
/** Copies that are looked up one by one where so few are asked for. */
const FEW = 8;

/** The sets of an account, the oldest first; read as they are asked for. Nothing of the files is read. */
export async function* trackedSets(core: Core, accountId: string): AsyncGenerator<TrackedSet> {
  const configs = core.storage.collection(configsSpec);
  const scan = { index: 'age', prefix: [accountId], limit: 4 };
  for await (const page of pagesOf(after => configs.scan({ ...scan, ...after }))) {
    for (const config of page) {
      const { id, git, created, updated } = config;
      yield { id, git, created, updated, tracked: trackedBy(config) };
    }
  }
}

/** The sets of an account with all of their files. No content is read. */
export async function* dotfileSets(core: Core, accountId: string): AsyncGenerator<DotfileSet> {
  for await (const set of trackedSets(core, accountId)) yield { ...set, files: await dotfilesOf(core, accountId, set) };
}

/** Files of a set, in the order of the paths, which are tracked by it. No content is read. */
export async function dotfilesOf(
  core: Core,
  accountId: string,
  { id, tracked }: TrackedSet,
  paths: readonly string[] = [...tracked.keys()],
): Promise<Dotfile[]> {
  const copies = core.storage.collection(filesSpec);
  const found = new Map<string, FileDoc>();
  const add = async (range: { prefix: string[] }) => {
    const scan = { index: 'state', ...range, covered: true, limit: PAGE };
    for await (const some of pagesOf(after => copies.scan({ ...scan, ...after }))) {
      for (const copy of some) found.set(copy.path, copy);
    }
  };
  if (paths.length > FEW) await add({ prefix: [accountId, id] });
  else await Promise.all(paths.map(path => add({ prefix: [accountId, id, path] })));
  return paths.map(path => {
    const copy = found.get(path);
    // One of an earlier epoch is of a time before the path was taken out and listed again.
    return copy !== undefined && copy.epoch >= (tracked.get(path) ?? 0)
      ? { config: id, path, copy }
      : { config: id, path };
  });
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
