import type { Context } from 'koa';
import { AppError, InvalidInputError, NotFoundError } from '../../../base/errors.ts';
import { isAccessPattern } from '../../../base/names.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { pageOf } from '../../../core/listing.ts';
import type { Rule } from '../../../core/members/acl/acl.ts';
import { changeRule, deleteRule, insertRule, moveRule, type RuleDeed } from '../../../core/members/acl/edit.ts';
import { loadAcl } from '../../../core/members/acl/store.ts';
import { tryRule } from '../../../core/members/acl/try.ts';
import { namesByUuid } from '../../../core/members/list.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { adminDeed } from '../../deeds.ts';
import { told } from '../../problems.ts';
import { type Fields, signedIn } from '../../routes.ts';

const PER_PAGE = 25;
/** Characters of a rule that can be edited here: a form takes no more. */
const EDITABLE = 4000;

const PATTERNS = ['user', 'item', 'action'] as const;
const RULE = ['seen', ...PATTERNS, 'verdict', 'number'] as const;
type Given = Partial<Fields<(typeof RULE)[number]>>;

/** What went wrong with a form, and what was typed. */
interface Failed {
  readonly error: unknown;
  readonly given: Given;
}

/** The rules for what members add to the shared history, in their order. Rules have numbers from 1 on here. */
export function ruleRoutes(web: Web): Route[] {
  const { audit, core, pages, settings } = web;
  const { page, form } = signedIn(web, 'admin');

  function demandSpoken(): void {
    if (!settings.speaks('simple-sync')) throw new NotFoundError('there is nothing at this path');
  }

  function problemIn(ctx: Context, failed: Failed | undefined) {
    const wrong = PATTERNS.find(name => !isAccessPattern(failed?.given[name] ?? ''));
    const fields = { ...(wrong && { rules_invalid: wrong }), rule_not_found: 'number' };
    return failed && told(ctx, failed.error, pages.t(ctx), fields);
  }

  async function list(ctx: Context, session: Session, failed?: Failed): Promise<void> {
    demandSpoken();
    const { rules, version } = await loadAcl(core);
    const number = Number(given(ctx, 'page'));
    const listed = pageOf(rules, { page: Number.isSafeInteger(number) ? number : 1, perPage: PER_PAGE });
    const tried = { user: given(ctx, 'user'), item: given(ctx, 'item'), action: given(ctx, 'action') };
    const verdict = Object.values(tried).every(text => text !== '')
      ? await tryRule(core, tried.user, tried.item, tried.action)
      : undefined;
    const names = await namesByUuid(
      core,
      listed.items.map(({ user }) => user),
    );
    const problem = problemIn(ctx, failed);
    const data = {
      listed,
      first: (listed.page - 1) * listed.perPage + 1,
      seen: version,
      names,
      all: core.settings.eventsOpenToAll(),
      tried,
      verdict,
      problem,
      given: failed?.given ?? {},
    };
    const title = pages.t(ctx)('acl.title');
    pages.show(ctx, { view: 'members/rules', title, status: problem?.status ?? 200, session, data });
  }

  async function one(ctx: Context, session: Session, number: number, failed?: Failed): Promise<void> {
    demandSpoken();
    const { rules, version } = await loadAcl(core);
    const rule = rules[number - 1];
    if (rule === undefined) throw new NotFoundError('there is no rule at this place', { code: 'rule_not_found' });
    const problem = problemIn(ctx, failed);
    const t = pages.t(ctx);
    const data = {
      rule,
      no: number,
      count: rules.length,
      seen: version,
      editable: rule.user.length + rule.item.length + rule.action.length <= EDITABLE,
      problem,
      changed: problem !== undefined && failed?.given.seen !== version,
      given: { ...rule, verdict: rule.allow ? 'allow' : 'deny', ...failed?.given },
    };
    const title = t('acl.one', { number });
    pages.show(ctx, { view: 'members/rule', title, status: problem?.status ?? 200, session, data });
  }

  /** What a form does with the rules as they were on its page; where it fails its page comes back. */
  function deed<const N extends string>(
    path: string,
    names: readonly N[],
    act: (fields: Fields<N | 'seen'>, seen: RuleDeed, number: number) => Promise<string>,
  ): Route {
    return form(path, ['seen', ...names], async (ctx, session, fields, params) => {
      demandSpoken();
      const number = Number(params.number ?? 0);
      const seen = { seen: fields.seen, deed: adminDeed(web, ctx, session) };
      try {
        redirect(ctx, await act(fields as Fields<N | 'seen'>, seen, number), 303);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const failed = { error, given: fields as Given };
        if (params.number === undefined) return list(ctx, session, failed);
        await one(ctx, session, number, failed).catch(shown => {
          // The rule that the form was about is gone: then there is no page of it.
          if (!(shown instanceof NotFoundError)) throw shown;
          return list(ctx, session, { error, given: {} });
        });
      }
    });
  }

  return [
    page('/admin/acl', async (ctx, session) => {
      await list(ctx, session);
      const { user_id } = session.account;
      await audit.recordOnce(ctx, 'acl_read', user_id, { message: `by ${user_id}` });
    }),
    page('/admin/acl/:number', (ctx, session, { number }) => one(ctx, session, Number(number))),
    deed('/admin/acl/add', [...PATTERNS, 'verdict', 'number'], async (fields, seen) => {
      const number = Number(fields.number);
      await insertRule(core, number - 1, ruleOf(fields), seen);
      return listAt(number, 'rule_added');
    }),
    deed('/admin/acl/move', ['up', 'down'], async ({ up, down }, seen) => {
      const from = Number(up || down);
      const to = up === '' ? from + 1 : from - 1;
      await moveRule(core, from - 1, to - 1, seen);
      return listAt(to, 'rule_moved');
    }),
    deed('/admin/acl/:number/change', [...PATTERNS, 'verdict'], async (fields, seen, number) => {
      await changeRule(core, number - 1, ruleOf(fields), seen);
      return listAt(number, 'rule_changed');
    }),
    deed('/admin/acl/:number/place', ['number'], async (fields, seen, from) => {
      const to = Number(fields.number);
      await moveRule(core, from - 1, to - 1, seen);
      return listAt(to, 'rule_moved');
    }),
    deed('/admin/acl/:number/delete', [], async (_, seen, number) => {
      await deleteRule(core, number - 1, seen);
      return listAt(number, 'rule_deleted');
    }),
  ];
}

function ruleOf({ user, item, action, verdict }: Fields<'user' | 'item' | 'action' | 'verdict'>): Rule {
  if (verdict !== 'allow' && verdict !== 'deny') throw new InvalidInputError('verdict: expected allow or deny');
  return { user, item, action, allow: verdict === 'allow' };
}

/** The page of the list that has this rule. */
function listAt(number: number, done: string): string {
  return `/admin/acl?page=${Math.max(1, Math.ceil(number / PER_PAGE))}&done=${done}`;
}

function given({ query }: Context, name: string): string {
  return [query[name]].flat()[0] ?? '';
}
