/** A page of the files of all sets, in their order. */

import type { Core } from '../../../core/context.ts';
import { type Dotfile, dotfilesOf, type TrackedSet, trackedSets } from '../../../core/dotfiles/read.ts';

/** Files on a page, and bytes of their paths: each may have a thousand. */
const FILES = 75;
const PATH_BYTES = 8_000;

/** Where the last page ended; without a path behind a set that has no files. */
export interface Place {
  readonly set: string;
  readonly path: string;
  /** Which of its set the file was: it may have left the set since. */
  readonly index: number;
}

/** What is shown of a set: `number` says which one it is, from 1; `files` are those of this page. */
export interface Shown {
  readonly set: TrackedSet;
  readonly number: number;
  readonly git: { readonly address: string; readonly branch: string } | undefined;
  readonly files: readonly Dotfile[];
}

/** What a page lists. */
export interface Listed {
  readonly sets: readonly Shown[];
  /** Where the next page goes on, when there is one. */
  readonly next: Place | undefined;
  readonly isEmpty: boolean;
}

/** The page behind a place, of the files whose path contains `search`. A set that has gone meanwhile leads back to the first page. */
export async function listFiles(core: Core, accountId: string, search: string, after?: Place): Promise<Listed> {
  const chosen: Chosen[] = [];
  const shown = (): Promise<Shown[]> =>
    Promise.all(
      chosen.map(async ({ set, number, paths }) => {
        return { set, number, git: gitOf(set), files: await dotfilesOf(core, accountId, set, paths) };
      }),
    );
  let [left, bytes] = [FILES, PATH_BYTES];
  for await (const { set, number, path } of linesOf(core, accountId, search, after)) {
    // This one is the first of the next page.
    if (left === 0 || bytes <= 0) return { sets: await shown(), next: endOf(chosen), isEmpty: false };
    if (chosen.at(-1)?.set !== set) chosen.push({ set, number, paths: [] });
    left--;
    bytes -= path === undefined ? 0 : Buffer.byteLength(path);
    if (path !== undefined) chosen.at(-1)?.paths.push(path);
  }
  if (chosen.length === 0 && after !== undefined) return listFiles(core, accountId, search);
  return { sets: await shown(), next: undefined, isEmpty: chosen.length === 0 && search === '' };
}

/** What is shown of a set, by its paths: no more is read of the others. */
interface Chosen {
  readonly set: TrackedSet;
  readonly number: number;
  readonly paths: string[];
}

/** What is listed, one after the other; a set without files takes a line of its own. `number` is that of the set, from 1. */
async function* linesOf(core: Core, accountId: string, search: string, after: Place | undefined) {
  let [number, place] = [0, after];
  for await (const set of trackedSets(core, accountId)) {
    number++;
    if (place !== undefined && set.id !== place.set) continue;
    const paths = [...set.tracked.keys()];
    const start = place === undefined ? 0 : behind(paths, place);
    place = undefined;
    if (search === '' && paths.length === 0 && start === 0) yield { set, number, path: undefined };
    for (const path of paths.slice(start)) if (path.includes(search)) yield { set, number, path };
  }
}

/** The index of the first file behind a place. */
function behind(paths: readonly string[], { path, index }: Place): number {
  if (path === '') return 1;
  if (paths[index] === path) return index + 1;
  const found = paths.indexOf(path);
  return found < 0 ? index : found + 1;
}

function endOf(chosen: readonly Chosen[]): Place | undefined {
  const last = chosen.at(-1);
  if (last === undefined) return undefined;
  const path = last.paths.at(-1) ?? '';
  return { set: last.set.id, path, index: Math.max(0, [...last.set.tracked.keys()].indexOf(path)) };
}

function gitOf({ git }: TrackedSet): Shown['git'] {
  if (git === undefined) return undefined;
  const { https, ssh, branch } = JSON.parse(git) as { https?: string | null; ssh?: string | null; branch?: string };
  return { address: https ?? ssh ?? '', branch: branch ?? '' };
}
