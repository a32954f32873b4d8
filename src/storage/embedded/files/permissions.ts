import { chmodSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Log } from '../../../base/log.ts';
import { hasCode } from './durable.ts';
import { BLOBS, DATA_FILE, GATE_FILE, GATE_LOCK_FILE, LOCK_FILE, SECRETS } from './names.ts';

/** Bits of the group and of all others. */
const OTHERS = 0o077;

/** What earlier versions, and other programs, may have made readable for others; what is inside these folders is safe with them. */
const FILES = [DATA_FILE, LOCK_FILE, GATE_FILE, GATE_LOCK_FILE];
const FOLDERS = [BLOBS, SECRETS];

/**
 * Takes the rights of others from what is in the data folder, and warns when the folder itself is open to them: it may be one
 * that somebody shares on purpose. Windows has no such bits.
 */
export function closeToOthers(folder: string, log: Log): void {
  if (process.platform === 'win32') return;
  for (const name of FILES) close(path.join(folder, name), 0o600, log);
  for (const name of FOLDERS) close(path.join(folder, name), 0o700, log);
  const mode = modeOf(folder);
  if (mode === undefined || (mode & OTHERS) === 0) return;
  log.warn({ mode: mode.toString(8) }, `other users of this machine may enter the data folder: chmod 700 ${folder}`);
}

function close(target: string, wanted: number, log: Log): void {
  const mode = modeOf(target);
  if (mode === undefined || (mode & OTHERS) === 0) return;
  try {
    chmodSync(target, wanted);
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'EROFS', 'ENOTSUP')) throw error; // it is somebody else's, or has no such bits
    log.warn(
      { mode: mode.toString(8) },
      `other users of this machine may read ${target}: chmod ${wanted.toString(8)} it`,
    );
  }
}

function modeOf(target: string): number | undefined {
  const stats = statSync(target, { throwIfNoEntry: false });
  return stats && stats.mode & 0o777;
}
