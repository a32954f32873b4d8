import { z } from 'zod';
import { forgetMail, type MailFields, saveMail, tryMail } from '../../../core/admin/mail.ts';
import { formReader } from '../../../http/body/form.ts';
import { redirect } from '../../../http/browser/below.ts';
import { languageOf } from '../../../http/browser/language.ts';
import type { Route } from '../../../http/routing.ts';
import { demandOwn } from '../accounts/session-access.ts';
import { text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { adminDeedOf } from '../deeds.ts';
import { adminRoutesOf } from './access.ts';

/** Longest form, in bytes. */
const FORM_BYTES = 65_536;

const testBody = z.object({
  smtp_host: text,
  /** Pages send what stands in a field. */
  smtp_port: z.union([text, z.int()]),
  smtp_user: text,
  smtp_pass: text,
  smtp_security: text,
  smtp_from: text,
  test_to: text,
});

/** Admins set the server that mails leave through, and try it out (contract, section 8.2). */
export function adminMailRoutes(verstak: Verstak): Route[] {
  const { core, readFields } = verstak;
  const { change, form } = adminRoutesOf(verstak);
  const readForm = formReader(FORM_BYTES);

  return [
    form('/admin/api/smtp', async (ctx, admin) => {
      const fields = await readForm(ctx);
      demandOwn(verstak, ctx, admin, fields.get('csrf_token'));
      await saveMail(core, name => fields.get(name) ?? '', adminDeedOf(verstak, ctx, admin));
      redirect(ctx, '/admin/dashboard');
    }),
    // Nothing stored is fine: then the configuration counts already.
    change('DELETE', '/admin/api/smtp', async (ctx, admin) => {
      await forgetMail(core, adminDeedOf(verstak, ctx, admin));
      ctx.body = { status: 'deleted' };
    }),
    change('POST', '/admin/api/smtp/test', async (ctx, admin) => {
      const fields = readFields(ctx, testBody).then(fieldsOf);
      const error = await tryMail(
        core,
        fields,
        languageOf(ctx, core.settings.language()),
        adminDeedOf(verstak, ctx, admin),
      );
      ctx.body = error === undefined ? { ok: true } : { ok: false, error };
    }),
  ];
}

function fieldsOf(given: z.infer<typeof testBody>): MailFields {
  return name => String(given[name as keyof typeof given] ?? '');
}
