/** Names and passwords: asked for at a terminal, or read from the standard input. */

import { hostname, userInfo } from 'node:os';
import { askHidden, askLine, canAsk } from '../../terminal/ask.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { type Context, unlessStopped } from '../context.ts';
import { Failure, misused } from '../failure.ts';
import { readSecret } from '../stdin.ts';

/** Of commands that need one. */
export interface PasswordOptions {
  readonly passwordStdin?: boolean;
}

/** The option for programs. */
export const PASSWORD_STDIN = [
  '--password-stdin',
  'reads the password from the standard input; it is never an argument, which others could see',
] as const;

/** The password of an account. Throws `Failure` where nobody can be asked. */
export async function passwordOf(
  { signal }: Context,
  { passwordStdin }: PasswordOptions,
  question = 'Password: ',
): Promise<string> {
  if (passwordStdin) return readSecret(signal);
  if (!canAsk()) throw misused('nobody can be asked for the password here; add --password-stdin');
  return demand(await unlessStopped(signal, askHidden(question)));
}

/** A password that is to be: asked for twice. */
export async function newPassword(
  context: Context,
  options: PasswordOptions,
  question = 'Password: ',
): Promise<string> {
  const first = await passwordOf(context, options, question);
  if (options.passwordStdin) return first;
  const again = await unlessStopped(context.signal, askHidden('Once more: '));
  if (again !== first) throw new Failure(EXIT.failed, 'that was another password; nothing was done, try again');
  return first;
}

/** The name of an account. Throws `Failure` where nobody can be asked. */
export async function accountName(
  { signal }: Context,
  given: string | undefined,
  before: string | undefined,
): Promise<string> {
  if (given !== undefined) return given;
  if (!canAsk()) {
    if (before !== undefined) return before;
    throw misused('nobody can be asked for the name here; add --user NAME');
  }
  const answer = await unlessStopped(signal, askLine(`Name${before ? ` [${before}]` : ''}: `));
  return demand(answer === '' ? before : answer);
}

/** What a token is called: who has it, and where. */
export function tokenName(account: string): string {
  return [...`${account}@${hostname() || userInfo().username}`].slice(0, 128).join('');
}

function demand(answer: string | undefined): string {
  if (answer) return answer;
  throw new Failure(EXIT.failed, 'nothing was typed; nothing was done');
}
