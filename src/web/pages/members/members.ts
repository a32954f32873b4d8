import type { Context } from 'koa';
import { NotFoundError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { demandPassword } from '../../../core/access/sign-in.ts';
import { admitMember, changeMember, dismissMember, makeMember } from '../../../core/members/edit.ts';
import { listMembers, memberById } from '../../../core/members/list.ts';
import { adminPasswordRules } from '../../../core/throttle/attempts.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Params, Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { told } from '../../problems.ts';
import { type Fields, signedIn } from '../../routes.ts';

const PER_PAGE = 50;

/** What went wrong with one of the forms of a page, and what was typed. */
interface Failed {
  readonly form: 'make' | 'admit' | 'rename' | 'password' | 'remove';
  readonly error: unknown;
  readonly given?: Readonly<Record<string, string>>;
}

/** Members of the shared history: who they are, and who becomes one. */
export function memberRoutes(web: Web): Route[] {
  const { core, pages, settings, callerOf } = web;
  const { page, form } = signedIn(web, 'admin');

  function demandSpoken(): void {
    if (!settings.speaks('simple-sync')) throw new NotFoundError('there is nothing at this path');
  }

  function problemIn(ctx: Context, failed: Failed | undefined) {
    if (failed === undefined) return { status: 200, data: { given: {} } };
    // The password that is asked for once more has its own name in the form.
    const fields = { password_wrong: 'own', password_needed: 'own', uuid_invalid: 'uuid', uuid_taken: 'uuid' };
    const names = { member_name_invalid: 'username', account_not_found: 'called', change_missing: 'username' };
    const problem = told(ctx, failed.error, pages.t(ctx), { ...fields, ...names });
    return { status: problem.status, data: { failed: failed.form, problem, given: failed.given ?? {} } };
  }

  async function list(ctx: Context, session: Session): Promise<void> {
    demandSpoken();
    const q = [ctx.query.q].flat()[0] ?? '';
    const number = Number([ctx.query.page].flat()[0]);
    const listed = await listMembers(core, { q, page: Number.isSafeInteger(number) ? number : 1, perPage: PER_PAGE });
    const data = { listed, q, all: core.settings.eventsOpenToAll() };
    pages.show(ctx, { view: 'members/members', title: pages.t(ctx)('members.title'), session, data });
  }

  async function showNew(ctx: Context, session: Session, failed?: Failed): Promise<void> {
    demandSpoken();
    const { status, data } = problemIn(ctx, failed);
    const title = pages.t(ctx)('members.add');
    pages.show(ctx, { view: 'members/new', title, status, session, data });
  }

  async function showOne(ctx: Context, session: Session, { id = '' }: Params, failed?: Failed): Promise<void> {
    demandSpoken();
    const member = await memberById(core, id);
    if (member === undefined) throw new NotFoundError('there is no such member', { code: 'account_not_found' });
    const { status, data } = problemIn(ctx, failed);
    const title = member.account.username ?? member.uuid;
    pages.show(ctx, { view: 'members/member', title, status, session, data: { ...data, member } });
  }

  /** Does something to a member, after the admin has given his own password once more where that is asked for. */
  function deed<const N extends string>(
    path: string,
    names: readonly N[],
    which: Failed['form'],
    act: (ctx: Context, session: Session, fields: Fields<N>, id: string) => Promise<string>,
  ): Route {
    return form(path, names, async (ctx, session, fields, params) => {
      demandSpoken();
      try {
        redirect(ctx, await act(ctx, session, fields, params.id ?? ''), 303);
      } catch (error) {
        const failed = { form: which, error, given: fields };
        await (params.id === undefined ? showNew(ctx, session, failed) : showOne(ctx, session, params, failed));
      }
    });
  }

  async function demandOwn(ctx: Context, { account }: Session, password: string): Promise<void> {
    await demandPassword(core, account, password, callerOf(ctx), adminPasswordRules(settings.attempts()));
  }

  return [
    page('/admin/members', list),
    page('/admin/members/new', (ctx, session) => showNew(ctx, session)),
    page('/admin/members/:id', (ctx, session, params) => showOne(ctx, session, params)),
    deed('/admin/members/make', ['username', 'uuid', 'password'], 'make', async (ctx, session, fields) => {
      const { user_id } = await makeMember(core, fields, adminDeed(web, ctx, session));
      return `/admin/members/${user_id}?done=member_made`;
    }),
    deed('/admin/members/admit', ['called'], 'admit', async (ctx, session, { called }) => {
      const { user_id } = await admitMember(core, called, adminDeed(web, ctx, session));
      return `/admin/members/${user_id}?done=member_admitted`;
    }),
    deed('/admin/members/:id/rename', ['username'], 'rename', async (ctx, session, { username }, id) => {
      await changeMember(core, id, { username, password: '' }, adminDeed(web, ctx, session));
      return `/admin/members/${id}?done=member_renamed`;
    }),
    deed('/admin/members/:id/password', ['password', 'own'], 'password', async (ctx, session, fields, id) => {
      await demandOwn(ctx, session, fields.own);
      await changeMember(core, id, { username: '', password: fields.password }, adminDeed(web, ctx, session));
      return `/admin/members/${id}?done=member_password`;
    }),
    deed('/admin/members/:id/remove', ['own'], 'remove', async (ctx, session, { own }, id) => {
      await demandOwn(ctx, session, own);
      await dismissMember(core, id, adminDeed(web, ctx, session));
      return '/admin/members?done=member_removed';
    }),
  ];
}
