/** What the core is told of a request that does something. */

import type { Context } from 'koa';
import type { Session } from '../core/access/sessions.ts';
import type { MailedDeed } from '../core/accounts/person-deeds.ts';
import type { AdminDeed } from '../core/admin/deed.ts';
import type { Recorder } from '../core/audit/record.ts';
import { languageOf } from '../http/browser/language.ts';
import type { Web } from './context.ts';

/** A person does something. */
export function personDeed(web: Web, ctx: Context): MailedDeed {
  const { core, origin, callerOf, settings } = web;
  return {
    caller: callerOf(ctx),
    attempts: settings.attempts(),
    record: recorder(web, ctx),
    mail: { base: () => origin.base(ctx), language: languageOf(ctx, core.settings.language()) },
  };
}

/** An admin does something in a session. */
export function adminDeed(web: Web, ctx: Context, { account }: Session): AdminDeed {
  return { admin: account, caller: web.callerOf(ctx), record: recorder(web, ctx) };
}

function recorder({ audit }: Web, ctx: Context): Recorder {
  return (event, subject) => audit.record(ctx, event, subject);
}
