/** What admins do by the forms of their pages: all go to one path, and say in `action` what is meant (contracts: verstak, 8.1). */

import type { Context } from 'koa';
import { ConflictError, ForbiddenError, InvalidInputError, NotFoundError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { demandPassword } from '../../../core/access/sign-in.ts';
import { adminPasswordRules } from '../../../core/throttle/attempts.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { hasMessage, type Translate } from '../../i18n/messages.ts';
import { type Problem, told } from '../../problems.ts';
import { type Fields, signedIn } from '../../routes.ts';

/** Every field that one of the forms has. */
const FIELDS = [
  'action',
  'id',
  'password',
  'username',
  'email',
  'server_name',
  'public_url',
  'language',
  'registration_open',
  'trusted_proxies',
  'smtp_host',
  'smtp_port',
  'smtp_user',
  'smtp_pass',
  'smtp_security',
  'smtp_from',
  'server_url',
  'test_to',
  'who',
  'address',
] as const;

/** What a form says. */
export type ActFields = Fields<(typeof FIELDS)[number]>;

/** What went wrong with which form. */
export interface Failed {
  readonly action: string;
  readonly problem: Problem;
  readonly fields: ActFields;
}

/** Something admins do. */
export interface Act {
  /** Does it; returns where it leads, mostly with `?done=`. */
  run(ctx: Context, session: Session, fields: ActFields): Promise<string>;
  /** The page of the form, with what went wrong. */
  show(ctx: Context, session: Session, failed: Failed): Promise<void>;
  /** It needs no password. */
  readonly open?: true;
  /** The message for who cannot do it with things as they are. */
  readonly conflict?: string;
}

/** Acts by the names that forms have for them. */
export type Acts = Readonly<Record<string, Act>>;

/** The path that all forms go to. */
export function actRoute(web: Web, acts: Acts): Route {
  const { core, callerOf, pages, settings } = web;
  const known = new Map(Object.entries(acts));

  async function demandOwnPassword(ctx: Context, { account }: Session, password: string): Promise<void> {
    // None is a wrong one: the contract knows no other answer.
    if (password === '') throw new ForbiddenError('wrong password');
    await demandPassword(core, account, password, callerOf(ctx), adminPasswordRules(settings.attempts()));
  }

  return signedIn(web, 'admin').form('/admin/action', FIELDS, async (ctx, session, fields) => {
    const act = known.get(fields.action);
    if (act === undefined) throw new InvalidInputError('action: there is no such act', { code: 'invalid_request' });
    let to: string;
    try {
      if (!act.open) await demandOwnPassword(ctx, session, fields.password);
      to = await act.run(ctx, session, fields);
    } catch (error) {
      const t = pages.t(ctx);
      const problem = { ...told(ctx, error, t), ...better(error, act, t) };
      return act.show(ctx, session, { action: fields.action, problem, fields }).catch(shown => {
        // What the form was about is gone: then there is no page to show it on.
        throw shown instanceof NotFoundError ? error : shown;
      });
    }
    redirect(ctx, to, 303);
  });
}

/** What the usual words do not say: why things do not allow it, or which setting cannot be. */
function better(error: unknown, { conflict }: Act, t: Translate): Partial<Problem> {
  if (error instanceof ConflictError && error.code === 'conflict' && conflict !== undefined)
    return { text: t(conflict) };
  if (!(error instanceof InvalidInputError && /^(web|mail)_settings_invalid$/.test(error.code))) return {};
  const field = /^(\w+): /.exec(error.message)?.[1];
  if (field === undefined) return {};
  const own = `settings.wrong_${field}`;
  return { field, ...(hasMessage(own) && { text: t(own) }) };
}
