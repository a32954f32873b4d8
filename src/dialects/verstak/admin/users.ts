import { z } from 'zod';
import { listUsers } from '../../../core/accounts/user-list.ts';
import { createUser, deleteUser, editUser, resetUserPassword, toggleUser } from '../../../core/admin/users.ts';
import { adminResetRules } from '../../../core/throttle/attempts.ts';
import type { Route } from '../../../http/routing.ts';
import { text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { adminDeedOf } from '../deeds.ts';
import { adminRoutesOf } from './access.ts';
import { presentUsers, readUserQuery } from './user-query.ts';

const newUserBody = z.object({ username: text, email: text, password: text });
const editBody = z.object({ username: text, email: text });

/** Admins look through accounts, make, change, block and delete them (contract, section 8.2). */
export function adminUserRoutes(verstak: Verstak): Route[] {
  const { core, readFields, settings } = verstak;
  const { look, change } = adminRoutesOf(verstak);

  return [
    look('/admin/api/users', async ctx => {
      ctx.body = presentUsers(await listUsers(core, readUserQuery(ctx.query)));
    }),
    change('POST', '/admin/api/users/create', async (ctx, admin) => {
      const given = await readFields(ctx, newUserBody);
      const { user_id } = await createUser(core, given, adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'ok', user_id };
    }),
    change('POST', '/admin/api/users/:id/block', async (ctx, admin, { id = '' }) => {
      const { blocked } = await toggleUser(core, id, adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'ok', blocked: blocked ? 1 : 0 };
    }),
    change('POST', '/admin/api/users/:id/reset-password', async (ctx, admin, { id = '' }) => {
      const rules = adminResetRules(settings());
      const new_password = await resetUserPassword(core, id, rules, adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'ok', new_password };
    }),
    change('POST', '/admin/api/users/:id/edit', async (ctx, admin, { id = '' }) => {
      await editUser(core, id, await readFields(ctx, editBody), adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'ok' };
    }),
    change('DELETE', '/admin/api/users/:id', async (ctx, admin, { id = '' }) => {
      await deleteUser(core, id, adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'deleted' };
    }),
  ];
}
