/** Questions before something is destroyed. */

import { canAsk, confirm } from '../terminal/ask.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { type Context, unlessStopped } from './context.ts';
import { Failure, misused } from './failure.ts';

/** Goes on when `--yes` is given, or the answer is yes. Throws `Failure` otherwise, also where nobody can be asked. */
export async function confirmed(
  { signal }: Context,
  { yes }: { readonly yes?: boolean },
  question: string,
): Promise<void> {
  if (yes) return;
  if (!canAsk()) throw misused('nobody can be asked here; add --yes when that is what you want');
  if (!(await unlessStopped(signal, confirm(question)))) throw new Failure(EXIT.failed, 'nothing was done');
}
