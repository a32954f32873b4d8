import type { Context } from 'koa';
import { ConflictError, InvalidInputError } from '../../../base/errors.ts';
import { type LiveCredential, liveCredentials } from '../../../core/access/live.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { issueToken } from '../../../core/access/tokens.ts';
import { pageOf } from '../../../core/listing.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import type { Api } from '../../deps.ts';
import { told } from '../../problems.ts';
import { signedIn } from '../../routes.ts';

const PER_PAGE = 50;

/** What each kind opens: APIs, where they are on. */
const OPENS: Readonly<Record<LiveCredential['kind'], readonly Api[]>> = {
  token: ['keybin', 'punch', 'dotsync'],
  device: ['verstak'],
  punch_key: ['punch'],
  session: [],
};

/** `/tokens`: all that opens an account at this moment, and new tokens. */
export function tokenRoutes(web: Web): Route[] {
  const { core, pages, origin, settings } = web;
  const { page, form } = signedIn(web, 'user');

  async function show(ctx: Context, session: Session, { name = '', error }: { name?: string; error?: unknown } = {}) {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t, NAME_FIELDS);
    const all = await credentialsOf(web, session);
    const number = Number(ctx.query.page);
    const listed = pageOf(all, { page: Number.isSafeInteger(number) ? number : 1, perPage: PER_PAGE });
    const data = {
      problem,
      name,
      listed,
      opens: (kind: LiveCredential['kind']) => OPENS[kind].filter(api => settings.speaks(api)),
      isThis: ({ kind, id }: LiveCredential) => kind === 'session' && id === session.doc.hash,
      others: all.some(({ kind, id }) => kind !== 'punch_key' && id !== session.doc.hash),
      simpleSync: settings.speaks('simple-sync'),
    };
    pages.show(ctx, { view: 'tokens/list', title: t('tokens.title'), status: problem?.status ?? 200, session, data });
  }

  async function make(ctx: Context, session: Session, name: string): Promise<void> {
    if (name === '') throw new InvalidInputError('a name is needed', { code: 'client_id_invalid' });
    const all = await credentialsOf(web, session);
    // A client has one token: another one would end it.
    if (all.some(({ kind, name: taken }) => kind === 'token' && taken === name)) {
      throw new ConflictError('this client has a token', { code: 'client_has_token' });
    }
    const { token, expiresAt } = await issueToken(core, session.account, name);
    const data = { name, token, expiresAt, address: origin.shown(ctx), keybin: settings.speaks('keybin') };
    pages.show(ctx, { view: 'tokens/made', title: pages.t(ctx)('tokens.madeTitle'), session, data });
  }

  return [
    page('/tokens', (ctx, session) => show(ctx, session)),
    form('/tokens', ['name'], async (ctx, session, fields) => {
      const name = fields.name.trim();
      await make(ctx, session, name).catch(error => show(ctx, session, { name, error }));
    }),
  ];
}

const NAME_FIELDS = { client_id_invalid: 'name', client_has_token: 'name' };

/** What opens the account of a session. */
export function credentialsOf({ core, punchKeyLabels }: Web, { account }: Session): Promise<LiveCredential[]> {
  return liveCredentials(core, account.user_id, punchKeyLabels(account));
}
