import { z } from 'zod';
import { ConflictError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { countAttempt } from '../../../core/access/throttle.ts';
import {
  accountByUuid,
  accountNotFound,
  changeAccount,
  createAccount,
  setBlocked,
} from '../../../core/accounts/accounts.ts';
import { checkEmail, checkPersonName, checkRegistration } from '../../../core/accounts/email-accounts.ts';
import { eraseAccount, markForErasing } from '../../../core/accounts/erase.ts';
import { listUsers } from '../../../core/accounts/user-list.ts';
import type { AccountDoc } from '../../../core/collections.ts';
import { newSecret } from '../../../core/ids.ts';
import type { Route } from '../../../http/routing.ts';
import { text } from '../body.ts';
import { rulesFor, type Verstak } from '../context.ts';
import { invalidRequest } from '../refusals.ts';
import { adminRoutesOf } from './access.ts';
import { presentUsers, readUserQuery } from './user-query.ts';

const newUserBody = z.object({ username: text, email: text, password: text });
const editBody = z.object({ username: text, email: text });

/** Admins look through accounts, make, change, block and delete them (contract, section 8.2). */
export function adminUserRoutes(verstak: Verstak): Route[] {
  const { core, audit, readFields, clientAddress, callerOf } = verstak;
  const { look, change } = adminRoutesOf(verstak);

  /** Throws `NotFoundError`. */
  async function accountOf(id = ''): Promise<AccountDoc> {
    const account = await accountByUuid(core, id);
    if (account === undefined) throw accountNotFound();
    return account;
  }

  /** What the log says of an admin's deed: whom it concerns, and who did it. */
  const deed = (accountId: string, admin: Session) => ({ accountId, message: `by ${admin.account.user_id}` });

  return [
    look('/admin/api/users', async ctx => {
      ctx.body = presentUsers(await listUsers(core, readUserQuery(ctx.query)));
    }),
    change('POST', '/admin/api/users/create', async (ctx, admin) => {
      const given = checkRegistration(await readFields(ctx, newUserBody));
      const { user_id } = await createAccount(core, given, callerOf(ctx));
      await audit.record(ctx, 'user_created', deed(user_id, admin));
      ctx.body = { status: 'ok', user_id };
    }),
    change('POST', '/admin/api/users/:id/block', async (ctx, admin, { id }) => {
      let account = await accountOf(id);
      demandAnother(account, admin, 'block');
      // Others may do the same at this moment: each changes it once.
      while (!(await setBlocked(core, account, !account.blocked_at))) account = await accountOf(id);
      await audit.record(ctx, 'user_block_changed', deed(account.user_id, admin));
      ctx.body = { status: 'ok', blocked: account.blocked_at ? 0 : 1 };
    }),
    change('POST', '/admin/api/users/:id/reset-password', async (ctx, admin, { id }) => {
      const rules = { ...rulesFor(verstak, 'reset'), kind: 'verstak admin-reset' };
      await countAttempt(core, { subjects: [], address: clientAddress(ctx), rules });
      const account = await accountOf(id);
      const password = newSecret(12);
      await changeAccount(core, account, { password }, callerOf(ctx));
      await audit.record(ctx, 'user_password_reset', deed(account.user_id, admin));
      ctx.body = { status: 'ok', new_password: password };
    }),
    change('POST', '/admin/api/users/:id/edit', async (ctx, admin, { id }) => {
      const given = await readFields(ctx, editBody);
      const account = await accountOf(id);
      await changeAccount(core, account, readEdit(given));
      await audit.record(ctx, 'user_updated', deed(account.user_id, admin));
      ctx.body = { status: 'ok' };
    }),
    change('DELETE', '/admin/api/users/:id', async (ctx, admin, { id }) => {
      const account = await accountOf(id);
      demandAnother(account, admin, 'delete');
      const marked = await markForErasing(core, account.user_id, { erasing_at: undefined });
      if (!marked) throw accountNotFound();
      // From here on it is deleted, even if the rest of the work is done later.
      await audit.record(ctx, 'user_deleted', deed(account.user_id, admin));
      await eraseAccount(core, marked);
      ctx.body = { status: 'deleted' };
    }),
  ];
}

/** What is empty stays as it is. Throws `InvalidInputError`. */
function readEdit({ username, email }: z.infer<typeof editBody>): { username?: string; email?: string } {
  if (username === '' && email === '') throw invalidRequest('username or email is needed');
  if (username !== '') checkPersonName(username);
  return { ...(username !== '' && { username }), ...(email !== '' && { email: checkEmail(email) }) };
}

/** An admin who shuts himself out may leave nobody to let him in again. Throws `ConflictError`. */
function demandAnother(account: AccountDoc, admin: Session, verb: string): void {
  if (account.user_id === admin.account.user_id) throw new ConflictError(`you cannot ${verb} your own account`);
}
