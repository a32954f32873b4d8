/** A page of the files of all sets, in their order. */

import type { Core } from '../../../core/context.ts';
import { type Dotfile, type DotfileSet, dotfileSets } from '../../../core/dotfiles/read.ts';

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
  readonly set: DotfileSet;
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
  const sets: { set: DotfileSet; number: number; git: Shown['git']; files: Dotfile[] }[] = [];
  let [left, bytes] = [FILES, PATH_BYTES];
  for await (const { set, number, file } of linesOf(core, accountId, search, after)) {
    // This one is the first of the next page.
    if (left === 0 || bytes <= 0) return { sets, next: endOf(sets), isEmpty: false };
    if (sets.at(-1)?.set !== set) sets.push({ set, number, git: gitOf(set), files: [] });
    left--;
    bytes -= file === undefined ? 0 : Buffer.byteLength(file.path);
    if (file) sets.at(-1)?.files.push(file);
  }
  if (sets.length === 0 && after !== undefined) return listFiles(core, accountId, search);
  return { sets, next: undefined, isEmpty: sets.length === 0 && search === '' };
}

/** What is listed, one after the other; a set without files takes a line of its own. `number` is that of the set, from 1. */
async function* linesOf(core: Core, accountId: string, search: string, after: Place | undefined) {
  let [number, place] = [0, after];
  for await (const set of dotfileSets(core, accountId)) {
    number++;
    if (place !== undefined && set.id !== place.set) continue;
    const start = place === undefined ? 0 : behind(set, place);
    place = undefined;
    if (search === '' && set.files.length === 0 && start === 0) yield { set, number, file: undefined };
    for (const file of set.files.slice(start)) if (file.path.includes(search)) yield { set, number, file };
  }
}

/** The index of the first file behind a place. */
function behind({ files }: DotfileSet, { path, index }: Place): number {
  if (path === '') return 1;
  if (files[index]?.path === path) return index + 1;
  const found = files.findIndex(file => file.path === path);
  return found < 0 ? index : found + 1;
}

function endOf(sets: readonly Shown[]): Place | undefined {
  const last = sets.at(-1);
  if (last === undefined) return undefined;
  const path = last.files.at(-1)?.path ?? '';
  return {
    set: last.set.id,
    path,
    index: Math.max(
      0,
      last.set.files.findIndex(file => file.path === path),
    ),
  };
}

function gitOf({ git }: DotfileSet): Shown['git'] {
  if (git === undefined) return undefined;
  const { https, ssh, branch } = JSON.parse(git) as { https?: string | null; ssh?: string | null; branch?: string };
  return { address: https ?? ssh ?? '', branch: branch ?? '' };
}
