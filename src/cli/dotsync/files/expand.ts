import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { FILE_BYTES } from '../engine/look.ts';
import { guardOf, isInside, isOwnFile, refusalOf, trackedPath } from '../engine/paths.ts';

/** What can be watched of what was named, and what cannot. */
export interface Expanded {
  /** Tracked paths. */
  readonly paths: string[];
  /** Those of them that need the word of their user, and why. */
  readonly guarded: Map<string, string>;
  /** What was left out, and why, in words that follow its name. */
  readonly left: { readonly path: string; readonly why: string }[];
}

/** Rules of a folder, for what lies below it. */
interface Rules {
  readonly folder: string;
  readonly rules: Ignore;
}

/** A file of this machine by its absolute path; below home by the way of home, however one came there. */
export function absolute(home: string, folder: string, file: string): string {
  const path = file.startsWith('~/') ? join(home, file.slice(2)) : resolve(folder, file);
  const real = realpathSync(home);
  return isInside(real, path) ? join(home, relative(real, path)) : path;
}

/**
 * Files that were named, and those in folders that were, but for what `.gitignore` there leaves out. Throws Node's error for what is not
 * there.
 */
export function expand(home: string, own: string, files: readonly string[]): Expanded {
  const found: Expanded = { paths: [], guarded: new Map(), left: [] };
  for (const file of files) {
    if (statSync(file).isDirectory()) walk(file, []);
    else take(file);
  }
  return found;

  function take(file: string): void {
    const path = trackedPath(home, file);
    const why = isInside(own, file) ? 'belongs to dotsync itself' : (refusalOf(path) ?? unfit(file));
    if (why !== undefined) {
      found.left.push({ path, why });
      return;
    }
    if (found.paths.includes(path)) return;
    found.paths.push(path);
    const guard = guardOf(path);
    if (guard !== undefined) found.guarded.set(path, guard);
  }

  function walk(folder: string, above: readonly Rules[]): void {
    const rules = [...above, ...rulesOf(folder)];
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = join(folder, entry.name);
      if (entry.name === '.git' || file === own || isOwnFile(file) || isIgnored(file, entry.isDirectory(), rules))
        continue;
      if (entry.isDirectory()) walk(file, rules);
      else take(file);
    }
  }
}

function unfit(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return 'is a link that leads nowhere';
  if (stats.isDirectory()) return 'is a link to a folder; name that folder itself';
  if (!stats.isFile()) return 'is no ordinary file';
  return stats.size > FILE_BYTES ? 'is larger than 1 MiB' : undefined;
}

function rulesOf(folder: string): Rules[] {
  try {
    return [{ folder, rules: ignore().add(readFileSync(join(folder, '.gitignore'), 'utf8')) }];
  } catch {
    return [];
  }
}

/** Whether the last word of the rules, from the outermost folder to the innermost, is to leave it out. */
function isIgnored(file: string, isFolder: boolean, rules: readonly Rules[]): boolean {
  let ignored = false;
  for (const { folder, rules: own } of rules) {
    const { ignored: yes, unignored } = own.test(relative(folder, file).split(sep).join('/') + (isFolder ? '/' : ''));
    if (yes) ignored = true;
    else if (unignored) ignored = false;
  }
  return ignored;
}
