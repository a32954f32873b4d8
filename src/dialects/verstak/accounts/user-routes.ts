import { z } from 'zod';
import { mapInSlices } from '../../../base/slices.ts';
import { revokeByPassword } from '../../../core/accounts/person-deeds.ts';
import { devicesOf } from '../../../core/devices/devices.ts';
import { CREDENTIAL_BODY } from '../../../http/body/body.ts';
import { isForm } from '../../../http/body/form.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import { fieldsOrFormReader, text } from '../body.ts';
import type { Verstak } from '../context.ts';
import { personDeedOf } from '../deeds.ts';
import { presentDevice } from '../devices/devices.ts';
import { routesOf } from '../routes.ts';
import { demandOwn, signedIn } from './session-access.ts';

const revokeBody = z.object({ password: text, csrf_token: text });

/** People look at their devices and revoke them (contract, section 6). */
export function userRoutes(verstak: Verstak): Route[] {
  const { core } = verstak;
  const { route } = routesOf(verstak);
  const readBody = fieldsOrFormReader(CREDENTIAL_BODY);

  return [
    route(
      'GET',
      '/api/v1/user/devices',
      signedIn(verstak, 'user', async (ctx, { account }) => {
        const devices = await devicesOf(core, account.user_id);
        const texts = await mapInSlices(devices, device => JSON.stringify(presentDevice(device)));
        ctx.type = 'json';
        ctx.body = `[${texts.join()}]`;
      }),
    ),
    {
      kind: 'browser',
      ...route(
        'POST',
        '/api/v1/user/devices/:id/revoke',
        signedIn(verstak, 'user', async (ctx, session, { id = '' }) => {
          const { account } = session;
          // Programs send the token as a header; that of a form is in it.
          if (!isForm(ctx)) demandOwn(verstak, ctx, session);
          const { fields, form } = await readBody(ctx, revokeBody);
          if (isForm(ctx)) demandOwn(verstak, ctx, session, form ? fields.csrf_token : undefined);
          const given = { deviceId: id, password: fields.password };
          await revokeByPassword(core, account, given, personDeedOf(verstak, ctx));
          if (form) redirect(ctx, '/dashboard', 303);
          else ctx.body = { status: 'revoked' };
        }),
      ),
    },
  ];
}
