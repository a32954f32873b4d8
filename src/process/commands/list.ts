/** The commands of `keybin-server`. Each is a module that is loaded when it is asked for. */

import type { Define } from './frame.ts';

/** A module of a command. */
export interface CommandModule {
  readonly define: Define;
}

/** By the name they are called by. `keybin-server --help` (`config/arguments.ts`) names each of them. */
export const commands: Readonly<Record<string, () => Promise<CommandModule>>> = {
  user: () => import('./accounts/user.ts'),
  token: () => import('./accounts/token.ts'),
  check: () => import('./check.ts'),
  migrate: () => import('./keep/migrate.ts'),
  unlock: () => import('./accounts/unlock.ts'),
  config: () => import('./config.ts'),
  backup: () => import('./keep/backup.ts'),
  verify: () => import('./keep/verify.ts'),
  restore: () => import('./keep/restore.ts'),
};

/** Where the name of a command stands among the arguments: first, or behind `--config FILE`. Undefined: nowhere. */
export function commandIn(args: readonly string[]): number | undefined {
  const at = args[0] === '--config' ? 2 : args[0]?.startsWith('--config=') ? 1 : 0;
  return Object.hasOwn(commands, args[at] ?? '') ? at : undefined;
}
