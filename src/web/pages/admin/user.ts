import type { Context } from 'koa';
import { ConflictError } from '../../../base/errors.ts';
import { leaveSecret } from '../../../core/access/one-time-secrets.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { publicId } from '../../../core/accounts/accounts.ts';
import { countVaults, userStatus } from '../../../core/accounts/user-list.ts';
import {
  confirmUser,
  deleteUser,
  editUser,
  resetUserPassword,
  toggleUser,
  userById,
} from '../../../core/admin/users.ts';
import { devicesOf } from '../../../core/devices/devices.ts';
import { usageOf } from '../../../core/quotas/meters.ts';
import { adminResetRules } from '../../../core/throttle/attempts.ts';
import { redirect } from '../../../http/browser/below.ts';
import { sessionToken } from '../../../http/browser/session.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { signedIn } from '../../routes.ts';
import type { Acts, Failed } from './acts.ts';
import { asked } from './asked.ts';

/** One account: what is known of it, and what an admin can do with it. */
export function userPage(web: Web): { readonly routes: readonly Route[]; readonly acts: Acts } {
  const { core, pages, settings } = web;

  async function show(ctx: Context, session: Session, id: string, failed?: Failed): Promise<void> {
    const account = await userById(core, id);
    const [vaults, devices, usage] = await Promise.all([
      countVaults(core, account.user_id),
      devicesOf(core, account.user_id),
      usageOf(core, account.user_id),
    ]);
    const { password: _, ...user } = account;
    const values =
      failed?.action === 'edit-user' ? failed.fields : { username: user.username ?? '', email: user.email ?? '' };
    const data = {
      user,
      userId: publicId(account),
      status: userStatus(account),
      own: account.user_id === session.account.user_id,
      vaults,
      devices: { all: devices.length, active: devices.filter(({ revoked_at }) => !revoked_at).length },
      usage,
      values,
      failed: failed?.action,
      problem: failed?.problem,
    };
    const title = user.username ?? '';
    pages.show(ctx, {
      view: 'admin/user',
      title,
      at: '/admin/user/',
      status: failed?.problem.status ?? 200,
      session,
      data,
    });
  }

  const again = (ctx: Context, session: Session, failed: Failed) => show(ctx, session, failed.fields.id, failed);
  const to = (done: string) => `/admin/users?done=${done}`;

  const acts: Acts = {
    'edit-user': {
      open: true,
      show: again,
      async run(ctx, session, { id, username, email }) {
        await editUser(core, id, { username, email: email.trim() }, adminDeed(web, ctx, session));
        return to('user_changed');
      },
    },
    'confirm-user': {
      show: again,
      async run(ctx, session, { id }) {
        await confirmUser(core, id, adminDeed(web, ctx, session));
        return to('user_confirmed');
      },
    },
    'toggle-user': {
      show: again,
      conflict: 'users.own',
      async run(ctx, session, { id }) {
        const { blocked } = await toggleUser(core, id, adminDeed(web, ctx, session));
        return to(blocked ? 'user_blocked' : 'user_unblocked');
      },
    },
    'reset-user-password': {
      show: again,
      conflict: 'users.own',
      async run(ctx, session, { id }) {
        // It would end the session that has to show it.
        if (id === publicId(session.account)) throw new ConflictError('you cannot generate a password for yourself');
        const deed = adminDeed(web, ctx, session);
        const password = await resetUserPassword(core, id, adminResetRules(settings.attempts()), deed);
        await leaveSecret(core, { accountId: session.account.user_id, sessionToken: tokenOf(ctx) }, password);
        return '/admin/password-result';
      },
    },
    'delete-user': {
      show: again,
      conflict: 'users.own',
      async run(ctx, session, { id }) {
        await deleteUser(core, id, adminDeed(web, ctx, session));
        return to('user_deleted');
      },
    },
  };

  const { page } = signedIn(web, 'admin');
  const routes = [
    page('/admin/user/', async (ctx, session) => {
      const id = asked(ctx).text('id');
      if (id === '') return redirect(ctx, '/admin/users');
      await show(ctx, session, id);
    }),
  ];
  return { routes, acts };
}

/** A session that was found has a token. */
function tokenOf(ctx: Context): string {
  return sessionToken(ctx, 'admin') ?? '';
}
