import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, type Disk } from '../engine/disk.ts';
import { machineName } from './config.ts';

/** `work`: whoever changes files or what is remembered of them. `watch`: the daemon, as long as it lives. */
export type Purpose = 'work' | 'watch';

/** Somebody else is at it. */
export class Busy extends Error {
  /** The file that says so. */
  readonly file: string;

  constructor(file: string) {
    super('busy');
    this.file = file;
  }
}

/** Tries when two begin at the same moment and both make way. */
const TRIES = 8;

/**
 * Takes a lock: everybody makes a file named after himself, then looks who else has one, and makes way. So there are never two, and
 * what a killed process left is known by its name: nobody of that number and beginning lives. It can be removed without a race, as
 * nobody takes it over. Returns what frees it. Throws `Busy`.
 */
export async function lock(disk: Disk, folder: string, purpose: Purpose, pause = randomPause): Promise<() => void> {
  disk.makeFolder(folder);
  const mine = `${purpose}.${machineName(hostname())}.${process.pid}.${beginningOf(process.pid)}.${++count}`;
  for (let attempt = 1; ; attempt++) {
    disk.create(join(folder, mine), new Uint8Array(), '0600');
    const other = disk
      .list(folder)
      .find(name => name !== mine && name.startsWith(`${purpose}.`) && !isDead(disk, folder, name));
    if (other === undefined) return () => disk.remove(join(folder, mine));
    disk.remove(join(folder, mine));
    if (attempt === TRIES) throw new Busy(join(folder, other));
    await pause();
  }
}

let count = 0;

/** Removes the file of a process that is dead. One of another machine, which shares this home, is believed. */
function isDead(disk: Disk, folder: string, name: string): boolean {
  const [, host, pid, beginning] = name.split('.');
  if (host !== machineName(hostname()) || lives(Number(pid), String(beginning))) return false;
  disk.remove(join(folder, name));
  return true;
}

function lives(pid: number, beginning: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
  const now = beginningOf(pid);
  return now === beginning || beginning === UNKNOWN || now === UNKNOWN;
}

const UNKNOWN = 'unknown';
/** Of a process that has ended, and whose parent has not asked for that yet. */
const ENDED = 'ended';

/** Tells a process from others of the same number, before and after: when it began, since which start of the machine. */
function beginningOf(pid: number): string {
  if (process.platform !== 'linux') return asked(pid);
  try {
    // The name of the program stands in brackets, and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    if (fields[0] === 'Z' || fields[0] === 'X') return ENDED;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)}-${fields[19]}`;
  } catch {
    return UNKNOWN;
  }
}

/** The same where there is no `/proc`. */
function asked(pid: number): string {
  try {
    const begun = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return begun === '' ? UNKNOWN : String(Date.parse(begun));
  } catch {
    return UNKNOWN;
  }
}

function randomPause(): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, 20 + Math.random() * 150);
  });
}
