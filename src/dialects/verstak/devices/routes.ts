import type { Context } from 'koa';
import { z } from 'zod';
import { ForbiddenError, UnauthorizedError } from '../../../base/errors.ts';
import { loginRefused } from '../../../core/access/sign-in.ts';
import { publicId } from '../../../core/accounts/accounts.ts';
import { revokeByPassword } from '../../../core/accounts/person-deeds.ts';
import type { AccountDoc } from '../../../core/collections.ts';
import { revokeDevice } from '../../../core/devices/devices.ts';
import type { Route } from '../../../http/routing.ts';
import { text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { personDeedOf } from '../deeds.ts';
import { logIn } from '../login.ts';
import { invalidRequest } from '../refusals.ts';
import { routesOf } from '../routes.ts';
import { timeOf } from '../times.ts';
import { type NewDevice, type PairedDevice, pairDevice, RESERVED } from './devices.ts';

const NAME_BYTES = 128;
const VERSION_BYTES = 256;
const VAULT_BYTES = 256;

const pairBody = z.object({ login: text, password: text, device_name: text, client_version: text, vault_id: text });
const registerBody = z.object({ name: text, username: text, password: text, vault_id: text });
const loginBody = z.object({ username: text, password: text });
const revokeBody = z.object({ device_id: text, password: text });

/** Devices make themselves known, look themselves up, and are revoked (contract, section 3). */
export function clientRoutes(verstak: Verstak): Route[] {
  const { core, audit, readFields, clientAddress } = verstak;
  const { route, device } = routesOf(verstak);

  async function pair(
    ctx: Context,
    credentials: { login: string; password: string },
    given: { name: string; version: string; vault: string },
  ): Promise<PairedDevice & { account: AccountDoc }> {
    const described = describe(given, clientAddress(ctx));
    try {
      const account = await logIn(verstak, ctx, credentials, 'pair');
      const paired = await pairDevice(core, account, described);
      await audit.record(ctx, 'device_paired', { accountId: account.user_id, deviceId: paired.device.device_id });
      return { ...paired, account };
    } catch (error) {
      if (error instanceof UnauthorizedError || error instanceof ForbiddenError) {
        await audit.record(ctx, 'device_auth_failed', { accountId: ctx.state.account, message: error.message });
      }
      throw error;
    }
  }

  return [
    route('POST', '/api/client/pair', async ctx => {
      const { login, password, device_name, client_version, vault_id } = await readFields(ctx, pairBody);
      if (login === '' || password === '') throw invalidRequest('login and password are needed');
      const given = { name: device_name, version: client_version, vault: vault_id };
      const paired = await pair(ctx, { login, password }, given);
      ctx.body = {
        user_id: publicId(paired.account),
        device_id: paired.device.device_id,
        device_token: paired.token,
        server_time: timeOf(core.clock.now()),
        initial_sync_cursor: 0,
      };
    }),
    route('POST', '/api/v1/device/register', async ctx => {
      const { name, username, password, vault_id } = await readFields(ctx, registerBody);
      if (username === '' || password === '') throw loginRefused();
      const paired = await pair(ctx, { login: username, password }, { name, version: '', vault: vault_id });
      ctx.body = { device_id: paired.device.device_id, device_token: paired.token };
    }),
    route('POST', '/api/auth/test', async ctx => {
      const { username, password } = await readFields(ctx, loginBody);
      await logIn(verstak, ctx, { login: username, password }, 'test');
      ctx.body = { status: 'ok' };
    }),
    device('GET', '/api/client/me', async (ctx, { device: own, account }) => {
      ctx.body = {
        device_id: own.device_id,
        user_id: publicId(account),
        username: account.username ?? '',
        device_name: own.name,
        client_version: own.client_version,
        vault_id: own.vault,
        last_seen: timeOf(core.clock.now()),
        revoked_at: '',
        created_at: timeOf(own.created_at),
      };
    }),
    // Clients announce JSON here and send nothing: the body is not looked at.
    device('POST', '/api/client/revoke-current', async (ctx, { device: own }) => {
      await revokeDevice(core, own.user_id, own.device_id);
      await audit.record(ctx, 'device_revoked', { accountId: own.user_id, deviceId: own.device_id });
      ctx.body = { status: 'revoked' };
    }),
    device('POST', '/api/client/revoke-device', async (ctx, { account }) => {
      const { device_id, password } = await readFields(ctx, revokeBody);
      if (device_id === '' || password === '') throw invalidRequest('device_id and password are needed');
      await revokeByPassword(core, account, { deviceId: device_id, password }, personDeedOf(verstak, ctx));
      ctx.body = { status: 'revoked' };
    }),
  ];
}

/** Throws `InvalidInputError`. */
function describe(
  { name, version, vault }: { name: string; version: string; vault: string },
  address: string,
): NewDevice {
  const trimmed = vault.trim();
  demandShort('device_name', name, NAME_BYTES);
  demandShort('client_version', version, VERSION_BYTES);
  demandShort('vault_id', trimmed, VAULT_BYTES);
  if (trimmed.startsWith(RESERVED)) throw invalidRequest(`vault_id: ${RESERVED} is reserved`);
  if (trimmed.includes('\0')) throw invalidRequest('vault_id: U+0000 cannot be part of it');
  return { vault: trimmed, name: name.trim() === '' ? 'unknown' : name, clientVersion: version, address };
}

function demandShort(field: string, value: string, bytes: number): void {
  if (Buffer.byteLength(value) > bytes) throw invalidRequest(`${field}: expected at most ${bytes} bytes`);
}
