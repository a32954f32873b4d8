/** Admins let people in again who were refused for guessing. Each deed is told to the audit log. */

import { isIP } from 'node:net';
import { InvalidInputError } from '../../base/errors.ts';
import { listAudit } from '../audit/list.ts';
import type { Core } from '../context.ts';
import { MOST_PER_PAGE } from '../listing.ts';
import { unlock } from '../throttle/lockouts.ts';
import { type AdminDeed, by } from './deed.ts';

const NAME_CHARACTERS = 320;

/**
 * Lets somebody in again, by name or e-mail, an address, or both; returns how many counters were in the way. Counters of a
 * name at an address are found with that address alone: without one, those are tried from which somebody failed lately. Throws
 * `InvalidInputError`.
 */
export async function liftLockout(
  core: Core,
  { who, address }: { readonly who: string; readonly address: string },
  deed: AdminDeed,
): Promise<number> {
  if (who === '' && address === '')
    throw new InvalidInputError('a name or an address is needed', { code: 'lockout_invalid' });
  const [plain = ''] = address.split('/');
  if (address !== '' && isIP(plain) === 0) {
    throw new InvalidInputError('address: expected an IP address', { code: 'lockout_invalid' });
  }
  const addresses = address === '' ? await lateAddresses(core) : [plain];
  const cleared = await unlock(core, {
    who: who.slice(0, NAME_CHARACTERS).replaceAll('\0', ''),
    addresses,
    wholeAddress: address !== '',
  });
  await deed.record('lockout_lifted', { message: `${cleared} counters, ${by(deed).message}` });
  return cleared;
}

/** From where somebody failed lately, as far as the audit log has it. */
async function lateAddresses(core: Core): Promise<string[]> {
  const lists = await Promise.all(
    (['device_auth_failed', 'rate_limit_exceeded'] as const).map(event =>
      listAudit(core, { event, page: 1, perPage: MOST_PER_PAGE }),
    ),
  );
  return lists.flatMap(({ items }) => items.flatMap(({ entry }) => entry.address ?? []));
}
