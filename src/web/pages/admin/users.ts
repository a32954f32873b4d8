import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { publicId } from '../../../core/accounts/accounts.ts';
import { countVaults, listUsers, USER_SORTS, type UserSort } from '../../../core/accounts/user-list.ts';
import { createUser } from '../../../core/admin/users.ts';
import { forEachRow } from '../../../core/listing.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { told } from '../../problems.ts';
import { type Fields, signedIn } from '../../routes.ts';
import { asked } from './asked.ts';

const STATUSES = ['active', 'blocked', 'unconfirmed'] as const;

/** What the page names its orders by; the other names of the storage are known as well. */
const SORTS: Readonly<Record<string, UserSort>> = { created: 'created_at' };

type Given = Fields<'username' | 'email' | 'password'>;

/** The accounts of the server, and making one. */
export function userRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const { page, form } = signedIn(web, 'admin');

  async function list(ctx: Context, session: Session): Promise<void> {
    const query = asked(ctx);
    const [q, status] = [query.text('q'), query.one('status', STATUSES)];
    const sort = query.one('sort', ['created', ...USER_SORTS]) ?? 'created';
    const by = SORTS[sort] ?? (sort as UserSort);
    const descending = by !== 'username' && by !== 'email';
    const listed = await listUsers(core, { q, status, sort: by, descending, page: query.page, perPage: query.perPage });
    const rows = await forEachRow(listed.items, async row => ({
      ...row,
      id: publicId(row.account),
      vaults: await countVaults(core, row.account.user_id),
    }));
    const filters = { q, status, sort };
    const data = { listed, rows, filters, link: query.link(filters) };
    pages.show(ctx, { view: 'admin/users', title: pages.t(ctx)('nav.users'), session, data });
  }

  function showForm(ctx: Context, session: Session, error?: unknown, given: Partial<Given> = {}): void {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    const data = { problem, values: { username: given.username ?? '', email: given.email ?? '' } };
    pages.show(ctx, {
      view: 'admin/create-user',
      title: t('users.create'),
      status: problem?.status ?? 200,
      session,
      data,
    });
  }

  async function create(ctx: Context, session: Session, given: Given): Promise<void> {
    await createUser(core, given, adminDeed(web, ctx, session));
    redirect(ctx, '/admin/users?done=user_created', 303);
  }

  return [
    page('/admin/users', list),
    page('/admin/create-user', async (ctx, session) => showForm(ctx, session)),
    form('/admin/create-user', ['username', 'email', 'password'], (ctx, session, given) =>
      create(ctx, session, given).catch(error => showForm(ctx, session, error, given)),
    ),
  ];
}
