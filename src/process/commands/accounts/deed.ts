/** Deeds of whoever sits at the server: as an admin's, with the same lines in the audit log. */

import { emailOf } from '../../../base/email.ts';
import { NotFoundError } from '../../../base/errors.ts';
import { isUsername } from '../../../base/names.ts';
import { accountByUuid } from '../../../core/accounts/accounts.ts';
import type { AdminDeed } from '../../../core/admin/deed.ts';
import { recordOwn } from '../../../core/audit/record.ts';
import { type AccountDoc, accountsSpec } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';

/** The deed that the audit log calls `by the command line`. */
export function commandLine(core: Core): AdminDeed {
  return {
    admin: { user_id: 'the command line' },
    caller: { address: '' },
    record: (event, subject) => recordOwn(core, event, subject),
  };
}

/** The account of a name, an e-mail or an id, in this order. Throws `NotFoundError`. */
export async function accountOf(core: Core, who: string): Promise<AccountDoc> {
  const accounts = core.storage.collection(accountsSpec);
  const email = emailOf(who);
  const found =
    (isUsername(who) ? await accounts.find('username', [who]) : undefined) ??
    (email === undefined ? undefined : await accounts.find('email', [email])) ??
    (await accountByUuid(core, who));
  if (found !== undefined && found.erasing_at === undefined) return found;
  throw new NotFoundError(
    `there is no account with the name, e-mail or id ${JSON.stringify(who)}: keybin-server user ls lists them`,
  );
}
