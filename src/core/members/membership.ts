import type { AccountDoc } from '../collections.ts';
import type { Core } from '../context.ts';

/** Why an account is a member of the shared history of events: as an admin, made one by an admin, or because all are. */
export type Membership = 'admin' | 'made' | 'all';

/** Why an account is a member; undefined when it is none. */
export function membershipOf(core: Core, account: AccountDoc): Membership | undefined {
  if (account.admin) return 'admin';
  if (account.simple_sync) return 'made';
  return core.settings.eventsOpenToAll() ? 'all' : undefined;
}

/** Whether an account may read the shared history, and add to it what the rules allow. */
export function isMember(core: Core, account: AccountDoc): boolean {
  return membershipOf(core, account) !== undefined;
}
