import type { Context } from 'koa';
import { logInPerson } from '../../core/access/sign-in.ts';
import type { AccountDoc } from '../../core/collections.ts';
import { type AttemptKind, attemptRules } from '../../core/throttle/attempts.ts';
import type { Verstak } from './context.ts';

/** The account of a name or e-mail and a password. Throws as `logInPerson`. */
export async function logIn(
  { core, callerOf, settings }: Verstak,
  ctx: Context,
  given: { login: string; password: string },
  kind: AttemptKind,
): Promise<AccountDoc> {
  const account = await logInPerson(core, given, callerOf(ctx), attemptRules(settings(), kind));
  ctx.state.account = account.user_id;
  return account;
}
