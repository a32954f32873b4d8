/** What commands ask of whoever calls them, and what takes the place of that where nobody sits at a terminal. */

import { askHidden, canAsk, confirm, readInput } from '../../terminal/ask.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandError } from './command-error.ts';

/** Where a password comes from. */
export interface PasswordOptions {
  readonly passwordStdin?: true;
}

/** The description of `--password-stdin`. */
export const PASSWORD_STDIN = 'its password is all of the standard input, without a line break at its end';

/** A new password: asked for twice, or from the standard input. Throws `CommandError`. */
export async function newPassword({ passwordStdin }: PasswordOptions, whose: string): Promise<string> {
  if (passwordStdin) {
    return readInput().catch(() => {
      throw new CommandError('--password-stdin: the standard input is no UTF-8', EXIT.usage);
    });
  }
  if (!canAsk()) throw new CommandError('nobody can be asked for a password here: give --password-stdin', EXIT.usage);
  const password = (await askHidden(`New password of ${whose}: `)) ?? '';
  if (password === ((await askHidden('Once more: ')) ?? '')) return password;
  throw new CommandError('the two passwords differ: nothing was changed');
}

/** Goes on if `--yes` is given or the answer is yes. Throws `CommandError`. */
export async function demandYes({ yes }: { readonly yes?: true }, question: string): Promise<void> {
  if (yes) return;
  if (!canAsk()) throw new CommandError('nobody can be asked here whether this is meant: give --yes', EXIT.usage);
  if (!(await confirm(question))) throw new CommandError('nothing was changed');
}
