/** What the core is told of a request that does something. */

import type { Context } from 'koa';
import type { Session } from '../../core/access/sessions.ts';
import type { MailedDeed } from '../../core/accounts/person-deeds.ts';
import type { AdminDeed } from '../../core/admin/deed.ts';
import type { Recorder } from '../../core/audit/record.ts';
import { languageOf } from '../../http/browser/language.ts';
import type { Verstak } from './context.ts';

/** A person does something. */
export function personDeedOf(verstak: Verstak, ctx: Context): MailedDeed {
  const { core, origin, callerOf, settings } = verstak;
  return {
    caller: callerOf(ctx),
    attempts: settings(),
    record: recorderOf(verstak, ctx),
    mail: { base: () => origin.base(ctx), language: languageOf(ctx, core.settings.language()) },
  };
}

/** An admin does something in a session. */
export function adminDeedOf(verstak: Verstak, ctx: Context, { account }: Session): AdminDeed {
  return { admin: account, caller: verstak.callerOf(ctx), record: recorderOf(verstak, ctx) };
}

function recorderOf({ audit }: Verstak, ctx: Context): Recorder {
  return (event, subject) => audit.record(ctx, event, subject);
}
