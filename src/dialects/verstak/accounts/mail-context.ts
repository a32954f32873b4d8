import type { Context } from 'koa';
import type { MailContext } from '../../../core/accounts/email-accounts.ts';
import { loadMailSettings } from '../../../core/mail/settings.ts';
import type { Verstak } from '../context.ts';
import { languageOf } from '../language.ts';

/** Where the links of mails that a request causes lead, and their language. Throws `StorageUnavailableError`. */
export async function mailContext({ core, origin }: Verstak, ctx: Context): Promise<MailContext> {
  const stored = await loadMailSettings(core);
  return { base: stored?.server_url || origin.base(ctx), language: languageOf(core, ctx) };
}
