import { basename, dirname, join } from 'node:path';
import { codeOf, type Disk, FileTooLarge } from './disk.ts';
import { sha256Of } from './hash.ts';
import { guardOf, isInside, localPath, refusalOf, trackedPath } from './paths.ts';

/** Longest content of a file, in bytes (contract, section 4). */
export const FILE_BYTES = 1_048_576;

/** What a machine has under a tracked path. */
export type Look =
  | {
      readonly kind: 'file';
      /** Where its bytes are: the end of the links. */
      readonly target: string;
      readonly sha256: string;
      readonly mode: string;
    }
  | { readonly kind: 'absent'; readonly target: string }
  /** Nothing is sent, and nothing written: why, in words that follow the path. */
  | { readonly kind: 'blocked'; readonly reason: string };

/** What decides about paths on a machine. */
export interface Place {
  readonly disk: Disk;
  /** The home folder. */
  readonly home: string;
  /** The folder of dotsync itself, which is never synced. */
  readonly own: string;
  /** Paths that are guarded (`guardOf`) and that the user of this machine wants synced. */
  readonly allowed: readonly string[];
}

/** Looks at a tracked path. Throws only what is no fault of the file. */
export function look(place: Place, path: string): Look {
  const { disk } = place;
  const target = targetOf(place, path);
  if (typeof target !== 'string') return target;
  try {
    const found = disk.find(target);
    if (found === undefined) return { kind: 'absent', target };
    if (found.kind === 'folder') return blocked('is a folder here');
    if (found.kind !== 'file') return blocked('is no ordinary file here');
    return { kind: 'file', target, sha256: sha256Of(disk.read(target, FILE_BYTES)), mode: found.mode };
  } catch (error) {
    return blocked(reasonOf(error));
  }
}

/** Where the bytes of a tracked path are, or would be; or why they may not be touched. */
function targetOf({ disk, home, own, allowed }: Place, path: string): string | Look {
  const refusal = refusalOf(path);
  if (refusal !== undefined) return blocked(refusal);
  const file = localPath(home, path);
  try {
    const realHome = disk.real(home);
    const target = followed(disk, file);
    if (isInside(home, file) ? !isInside(realHome, target) : target !== file) {
      return blocked('is, or lies below, a link that leads elsewhere');
    }
    if (isInside(disk.real(own), target)) return blocked('belongs to dotsync itself');
    const guard = guardOf(path) ?? guardOf(trackedPath(realHome, target));
    if (guard !== undefined && !allowed.includes(path)) {
      return blocked(`${guard}: \`keybin dotsync add --yes\` with its name lets this machine take part`);
    }
    return target;
  } catch (error) {
    return blocked(reasonOf(error));
  }
}

/** The end of the links; what does not exist yet lies below the end of those that do. */
function followed(disk: Disk, file: string): string {
  try {
    return disk.real(file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    if (disk.find(file) !== undefined) throw Object.assign(new Error('nowhere'), { code: 'ENOLINK' });
    return join(followed(disk, dirname(file)), basename(file));
  }
}

function blocked(reason: string): Look {
  return { kind: 'blocked', reason };
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read or written by you',
  EPERM: 'may not be read or written by you',
  EROFS: 'lies on a disk that cannot be written to',
  ELOOP: 'is, or lies below, links in a circle',
  ENOLINK: 'is a link that leads nowhere',
  ENOTDIR: 'lies below something that is no folder here',
  EEXIST: 'lies below something that is no folder here',
  EISDIR: 'is a folder here',
  EBUSY: 'is being written just now',
  ENOSPC: 'found no room: the disk is full',
  EDQUOT: 'found no room: the quota of the disk is used up',
  ENAMETOOLONG: 'has too long a name for this disk',
};

/** What an error of the file system says about a file, in words that follow its name. */
export function reasonOf(error: unknown): string {
  if (error instanceof FileTooLarge) return 'is larger than 1 MiB';
  const code = codeOf(error);
  if (code === undefined) throw error;
  return REASONS[code] ?? `cannot be read or written (${code})`;
}
