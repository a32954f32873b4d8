import type { Context } from 'koa';
import { hasPassword } from '../../../core/access/login.ts';
import type { AccountDoc } from '../../../core/collections.ts';
import { deviceNotFound, revokeDevice } from '../../../core/devices/devices.ts';
import { rulesFor, type Verstak } from '../context.ts';
import { forbidden, invalidRequest } from '../refusals.ts';

/**
 * Revokes a device of the account for somebody who gives the account's password once more. Throws `InvalidInputError` (no
 * password), `ForbiddenError` (another one), `NotFoundError` (the account has no such device), `RateLimitedError`.
 */
export async function revokeByPassword(
  verstak: Verstak,
  ctx: Context,
  account: AccountDoc,
  { deviceId, password }: { deviceId: string; password: string },
): Promise<void> {
  const { core, audit, callerOf } = verstak;
  if (password === '') throw invalidRequest('password is needed');
  // Of its own, and only from here: strangers who fail at logins do not keep the owner from it.
  const rules = { ...rulesFor(verstak, 'test'), kind: 'verstak revoke', apart: true } as const;
  const attempt = { ...callerOf(ctx), throttle: rules };
  if (!(await hasPassword(core, account, password, attempt))) throw forbidden('wrong password');
  if (!(await revokeDevice(core, account.user_id, deviceId))) throw deviceNotFound();
  await audit.record(ctx, 'device_revoked', { accountId: account.user_id, deviceId });
}
