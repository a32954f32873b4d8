import type { Context } from 'koa';
import { InvalidInputError } from '../../base/errors.ts';
import { eachInSlices } from '../../base/slices.ts';
import { publicId } from '../../core/accounts/accounts.ts';
import { createAudit } from '../../core/audit/record.ts';
import type { AccountDoc } from '../../core/collections.ts';
import type { SubmittedEvent } from '../../core/events/event.ts';
import type { History } from '../../core/events/history/history.ts';
import { readAcl } from '../../core/members/acl/acl.ts';
import type { AclStore } from '../../core/members/acl/store.ts';
import { askPlugins, demandKnown, tellPlugins } from '../../core/plugins/tell.ts';
import { CREDENTIAL_BODY, objectReader, sourcedJsonReader } from '../../http/body/body.ts';
import { jsonStream } from '../../http/json-stream.ts';
import type { Route } from '../../http/routing.ts';
import type { DialectDeps } from '../dialect.ts';
import type { Access } from './access.ts';
import { adminRouteOf } from './admin-route.ts';
import { eventForbidden, eventsInvalid, loginInvalid } from './refusals.ts';
import { readEvents, readFromTimestamp, readLogin, readNewUser, readUserChange } from './schema.ts';
import { changeMember, createMember } from './users.ts';

/** What bodies may have. The shortest events and rules take more than nine bytes for each value. */
const LARGE_BODY = { bytes: 4_194_304, values: 500_000, depth: 100 };
const ADMIN_BODY = { bytes: 65_536, values: 1_000, depth: 100 };

/** How far the clock of a client may be ahead, in seconds. */
const AHEAD = 86_400;

/** The routes of docs/dialects/simple-sync.md. Order of checks: token, admin, body. */
export function routes(
  { core, clientAddress, callerOf }: DialectDeps<unknown>,
  access: Access,
  acl: AclStore,
  history: History,
): Route[] {
  const adminRoute = adminRouteOf(access, createAudit(core, clientAddress));
  const readCredentials = objectReader(CREDENTIAL_BODY);
  const readSmall = objectReader(ADMIN_BODY);
  const readRules = objectReader(LARGE_BODY);
  const readList = sourcedJsonReader(LARGE_BODY);

  const latest = () => Math.floor(core.clock.now() / 1000) + AHEAD;

  async function answerHistory(ctx: Context, from?: number): Promise<void> {
    ctx.type = 'json';
    ctx.body = await jsonStream('[', history.texts(from), texts => texts, ']');
  }

  /** Throws `ForbiddenError` for the first event that the rules deny. */
  async function demandAllowed(member: AccountDoc, events: readonly SubmittedEvent[]): Promise<void> {
    if (member.admin || events.length === 0) return;
    const allowed = (await acl.permissions())(publicId(member) ?? '');
    await eachInSlices(events, event => {
      if (!allowed(event)) throw eventForbidden(event.uuid);
    });
  }

  /** What plugins make of events: fewer perhaps, or others under the same ids, which the rules allow as well. */
  function filtered(member: AccountDoc, sent: readonly SubmittedEvent[]): Promise<readonly SubmittedEvent[]> {
    return askPlugins(core, 'events.push', member.user_id, { events: sent }, async ({ events }) => {
      const source = JSON.stringify(events);
      const changed = await readEvents({ source, value: JSON.parse(source) }, latest());
      demandKnown(
        sent.map(({ uuid }) => uuid),
        [...new Set(changed.map(({ uuid }) => uuid))],
      );
      await demandAllowed(member, changed);
      return changed;
    });
  }

  return [
    {
      method: 'POST',
      path: '/api/v1/auth/token',
      handle: async ctx => {
        const credentials = readLogin(await readCredentials(ctx).catch(orElse(loginInvalid)));
        ctx.body = { token: await access.login(ctx, credentials) };
      },
    },
    {
      method: 'GET',
      path: '/api/v1/events',
      handle: async ctx => {
        await access.member(ctx);
        await answerHistory(ctx, readFromTimestamp(ctx, latest()));
      },
    },
    {
      method: 'POST',
      path: '/api/v1/events',
      handle: async ctx => {
        const member = await access.member(ctx);
        const userUuid = publicId(member) ?? '';
        const sent = await readEvents(await readList(ctx).catch(orElse(eventsInvalid)), latest());
        await demandAllowed(member, sent);
        const events = core.plugins.filters('events.push') ? await filtered(member, sent) : sent;
        await history.add(userUuid, events);
        if (events.length > 0 && core.plugins.acts('events.pushed')) {
          tellPlugins(core, 'events.pushed', member.user_id, { ids: events.map(({ uuid }) => uuid) });
        }
        await answerHistory(ctx);
      },
    },
    adminRoute('GET', '/api/v1/acl', async ctx => {
      ctx.type = 'json';
      ctx.body = `{"rules":${await acl.text()}}`;
      return { events: ['acl_read'] };
    }),
    adminRoute('PUT', '/api/v1/acl', async ctx => {
      await acl.replace(await readAcl(await readRules(ctx)));
      ctx.status = 204;
      return { events: ['acl_updated'] };
    }),
    adminRoute('POST', '/api/v1/admin/users', async ctx => {
      const given = readNewUser(await readSmall(ctx));
      const accountId = await createMember(core, given, callerOf(ctx));
      ctx.status = 201;
      ctx.body = { uuid: given.uuid };
      return { events: ['user_created'], accountId };
    }),
    adminRoute('PUT', '/api/v1/admin/users/:uuid', async (ctx, params) => {
      const change = readUserChange(await readSmall(ctx));
      const accountId = await changeMember(core, params.uuid ?? '', change, callerOf(ctx));
      ctx.status = 204;
      const { username, password } = change;
      return {
        events: [
          ...(username === undefined ? [] : (['user_updated'] as const)),
          ...(password === undefined ? [] : (['user_password_reset'] as const)),
        ],
        accountId,
      };
    }),
  ];
}

/** Whatever is wrong with the form of a body is one error of this API. */
function orElse(refusal: (cause: unknown) => Error): (error: unknown) => never {
  return error => {
    throw error instanceof InvalidInputError ? refusal(error) : error;
  };
}
