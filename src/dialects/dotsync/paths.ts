/** Longest path, in bytes: with the ids before it, it has to fit into an index. */
const PATH_BYTES = 1024;
const CONTROL = /\p{Cc}/u;

/**
 * Whether a file may be tracked under this path: absolute or below `~/`, at most 1024 bytes, no control characters, no empty,
 * `.` or `..` segment.
 */
export function isFilePath(path: unknown): path is string {
  if (typeof path !== 'string' || !/^~?\//.test(path) || !path.isWellFormed() || CONTROL.test(path)) return false;
  if (Buffer.byteLength(path) > PATH_BYTES) return false;
  const segments = path.slice(path.indexOf('/') + 1).split('/');
  return !segments.some(segment => segment === '' || segment === '.' || segment === '..');
}
