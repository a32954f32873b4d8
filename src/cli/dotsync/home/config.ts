import { dirname } from 'node:path';
import type { Disk } from '../engine/disk.ts';
import { writeOver } from '../engine/write.ts';

/** A config of the server that this machine takes part in. */
export interface Taken {
  readonly id: string;
  /** What it is called here. */
  readonly name: string;
}

/** What `~/.dotsync/config` holds. */
export interface Settings {
  readonly url: string;
  readonly account: string;
  readonly token: string;
  readonly token_id: string;
  /** RFC 3339. */
  readonly expires_at: string;
  /** Part of the names of copies: letters, digits, `.`, `_`, `-`. */
  readonly machine: string;
  readonly configs: readonly Taken[];
  /** Paths outside of home, and secrets, that this machine's user wants synced. */
  readonly allowed: readonly string[];
}

/** The file is there, but not what was written. */
export class SettingsError extends Error {}

const MACHINE = /^[A-Za-z0-9._-]{1,64}$/;
const SETTINGS_BYTES = 16_777_216;

/** Reads the settings; undefined: there are none yet. Throws `SettingsError`. */
export function readSettings(disk: Disk, file: string): Settings | undefined {
  if (disk.find(file) === undefined) return undefined;
  const text = Buffer.from(disk.read(file, SETTINGS_BYTES)).toString();
  try {
    const { url, account, token, token_id, expires_at, machine, configs, allowed } = JSON.parse(text);
    const texts = [url, account, token, token_id, expires_at, machine];
    const isTaken = ({ id, name }: Taken) => typeof id === 'string' && typeof name === 'string';
    if (!texts.every(value => typeof value === 'string') || !URL.canParse(url) || !MACHINE.test(machine))
      throw new Error();
    if (!configs.every(isTaken) || !allowed.every((path: unknown) => typeof path === 'string')) throw new Error();
    return { url, account, token, token_id, expires_at, machine, configs, allowed };
  } catch {
    throw new SettingsError(`${file} is not what keybin dotsync init writes; remove it, and run keybin dotsync init`);
  }
}

/** Writes the settings, for their user alone. Throws errors of the disk. */
export function writeSettings(disk: Disk, file: string, settings: Settings): void {
  writeOver(disk, file, Buffer.from(`${JSON.stringify(settings, undefined, 2)}\n`), '0600');
  disk.settle(dirname(file));
}

/** The name of a machine as it may stand in names of files. */
export function machineName(host: string): string {
  const name = host
    .split('.')[0]
    ?.replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, 64);
  return name || 'machine';
}
