import type { Context } from 'koa';
import { isOpen } from '../../core/access/standing.ts';
import { type AccountDoc, accountsSpec } from '../../core/collections.ts';
import { type DeviceDoc, devicesSpec } from '../../core/devices/devices.ts';
import { hashOfSecret } from '../../core/ids.ts';
import { noteClient } from '../../core/plugins/tell.ts';
import { bearerToken } from '../../http/bearer.ts';
import type { Verstak } from './context.ts';
import { deviceUnauthorized, forbidden } from './refusals.ts';

/** The device that sends a request, and its account. Looked up at every request: revoking and blocking hold at once. */
export interface Caller {
  readonly device: DeviceDoc;
  readonly account: AccountDoc;
}

const TOKEN = /^[0-9a-f]{64}$/;

/**
 * The device whose token the request has. Throws `UnauthorizedError` (none, unknown, revoked), `ForbiddenError` (the account is
 * blocked).
 */
export async function callerOf({ core }: Verstak, ctx: Context): Promise<Caller> {
  const token = bearerToken(ctx);
  if (token === undefined || !TOKEN.test(token)) throw deviceUnauthorized();
  const device = await core.storage.collection(devicesSpec).find('token', [hashOfSecret(token)]);
  if (device === undefined) throw deviceUnauthorized();
  if (device.revoked_at) throw deviceUnauthorized('this device was revoked');
  const account = await core.storage.collection(accountsSpec).get([device.user_id]);
  if (account === undefined || account.erasing_at) throw deviceUnauthorized();
  if (!isOpen(account)) throw forbidden('this account is blocked, or its e-mail is not confirmed');
  ctx.state.account = account.user_id;
  noteClient(core, () => device.device_id);
  return { device, account };
}

/**
 * Notes that a device was here, at most once a second. What cannot be written is no reason to refuse what it came for: a full
 * disk still reads.
 */
export async function noteSeen({ core }: Verstak, { user_id, device_id, last_seen }: DeviceDoc): Promise<void> {
  const now = core.clock.now();
  if (Math.floor(now / 1000) <= Math.floor(last_seen.getTime() / 1000)) return;
  const change = { set: { last_seen: new Date(now) } };
  await core.storage
    .collection(devicesSpec)
    .update([user_id, device_id], change, { revoked_at: undefined })
    .catch(err => core.log.debug({ err }, 'when a device was last seen could not be noted'));
}
