import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where dotsync keeps what is its own: `~/.dotsync`. */
export interface Folder {
  /** The home folder. */
  readonly home: string;
  readonly own: string;
  /** Server, token, and what this machine takes part in. */
  readonly config: string;
  /** What was synced last. */
  readonly state: string;
  /** Who is at work. */
  readonly locks: string;
}

/** The folder of the user whose process this is. */
export function folderOf({ HOME }: NodeJS.ProcessEnv): Folder {
  const home = HOME || homedir();
  const own = join(home, '.dotsync');
  return { home, own, config: join(own, 'config'), state: join(own, 'state'), locks: join(own, 'locks') };
}
