import { join, relative, sep } from 'node:path';

/** Longest path, in bytes (contract, section 2). */
const PATH_BYTES = 1024;

const CONTROL = /\p{Cc}/u;

/** Where a tracked path lies on this machine: `~/` is its home. */
export function localPath(home: string, path: string): string {
  return path.startsWith('~/') ? join(home, path.slice(2)) : path;
}

/** What a file of this machine is called in a config; below home it is `~/…`, since homes differ. */
export function trackedPath(home: string, file: string): string {
  return isInside(home, file) ? `~/${relative(home, file).split(sep).join('/')}` : file;
}

/** Whether a file lies below a folder. */
export function isInside(folder: string, file: string): boolean {
  return file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** Why a path cannot be in a config, in words that follow its name; undefined: it can. */
export function refusalOf(path: string): string | undefined {
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'has a name that is no UTF-8';
  if (CONTROL.test(path)) return 'has a line break or another control character in its name';
  if (Buffer.byteLength(path) > PATH_BYTES) return `has a path of more than ${PATH_BYTES} bytes`;
  if (!/^~?\//.test(path)) return 'is neither below ~/ nor absolute';
  const segments = path.slice(path.indexOf('/') + 1).split('/');
  if (segments.some(segment => ['', '.', '..'].includes(segment))) return 'has an empty, . or .. segment';
  return undefined;
}

/** Private keys and passwords, by the names that programs give them. */
const SECRETS = [
  /^~\/\.ssh\/id_(?!.*\.pub$)/,
  /^~\/\.gnupg\//,
  /^~\/\.(netrc|pgpass|git-credentials)$/,
  /^~\/\.aws\/credentials$/,
  /\.(pem|key|p12|pfx|kdbx)$/i,
];

/**
 * Why a path needs the word of this machine's user before it is sent or received, in words that follow its name: the list of paths comes
 * from the server, which is not to get at more than it was meant to. Undefined: it needs none.
 */
export function guardOf(path: string): string | undefined {
  if (!path.startsWith('~/')) return 'lies outside of the home folder';
  if (SECRETS.some(secret => secret.test(path))) return 'looks like a secret';
  return undefined;
}

/** Whether a file is one of those that lie beside others only for a while: copies of conflicts, and what is being written. */
export function isOwnFile(file: string): boolean {
  return /\.dotsync-[^/]+$/.test(file) || /\/\.dotsync\.tmp$/.test(file);
}
