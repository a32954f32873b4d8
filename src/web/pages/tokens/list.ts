import type { Context } from 'koa';
import { ConflictError, InvalidInputError, NotFoundError } from '../../../base/errors.ts';
import { isUsername } from '../../../base/names.ts';
import { FULL } from '../../../core/access/callers.ts';
import { type LiveCredential, liveCredentials } from '../../../core/access/live.ts';
import { makeToken } from '../../../core/access/scoped/make.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { issueToken } from '../../../core/access/tokens.ts';
import { pageOf } from '../../../core/listing.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import type { Api } from '../../deps.ts';
import { told } from '../../problems.ts';
import { type Fields, signedIn } from '../../routes.ts';

const PER_PAGE = 50;

/** Ten years: none lives longer. */
const MOST_DAYS = 3653;

/** What each kind opens: APIs, where they are on. */
const OPENS: Readonly<Record<LiveCredential['kind'], readonly Api[]>> = {
  token: ['keybin', 'v2', 'punch', 'dotsync'],
  device: ['verstak'],
  punch_key: ['punch'],
  session: [],
};

/** `/tokens`: all that opens an account at this moment, and new tokens. */
export function tokenRoutes(web: Web): Route[] {
  const { core, pages, origin, settings } = web;
  const { page, form } = signedIn(web, 'user');

  async function show(ctx: Context, session: Session, { name = '', scoped = NONE, error }: Shown = {}) {
    const t = pages.t(ctx);
    const problem =
      error === undefined ? undefined : told(ctx, error, t, scoped === NONE ? NAME_FIELDS : SCOPED_FIELDS);
    const all = await credentialsOf(web, session);
    const number = Number(ctx.query.page);
    const listed = pageOf(all, { page: Number.isSafeInteger(number) ? number : 1, perPage: PER_PAGE });
    const data = {
      problem,
      name,
      scoped,
      v2: settings.speaks('v2'),
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
    if (all.some(({ kind, name: taken, scopes }) => kind === 'token' && scopes === undefined && taken === name)) {
      throw new ConflictError('this client has a token', { code: 'client_has_token' });
    }
    const { token, expiresAt } = await issueToken(core, session.account, name);
    const url = `${origin.shown(ctx)}${settings.speaks('keybin') ? '/user/me/keys' : '/v1/config'}`;
    showMade(ctx, session, { name, token, expiresAt, url });
  }

  /** The secret is shown this once. */
  function showMade(
    ctx: Context,
    session: Session,
    data: { name: string; token: string; expiresAt: Date; url: string },
  ) {
    pages.show(ctx, { view: 'tokens/made', title: pages.t(ctx)('tokens.madeTitle'), session, data });
  }

  async function makeScoped(ctx: Context, session: Session, given: ScopedFields): Promise<void> {
    const wish = wishOf(given);
    const { doc, secret } = await makeToken(core, { scopes: FULL, by: { account: session.account } }, wish);
    const url = `${origin.shown(ctx)}/v2/tokens/self`;
    showMade(ctx, session, { name: wish.name, token: secret, expiresAt: doc.expires_at, url });
  }

  return [
    page('/tokens', (ctx, session) => show(ctx, session)),
    form('/tokens', ['name'], async (ctx, session, fields) => {
      const name = fields.name.trim();
      await make(ctx, session, name).catch(error => show(ctx, session, { name, error }));
    }),
    form('/tokens/scoped', ['label', 'scopes', 'days'], async (ctx, session, scoped) => {
      if (!settings.speaks('v2')) throw new NotFoundError('there is nothing at this path');
      await makeScoped(ctx, session, scoped).catch(error => show(ctx, session, { scoped, error }));
    }),
  ];
}

const NAME_FIELDS = { client_id_invalid: 'name', client_has_token: 'name' };
const SCOPED_FIELDS = { name_invalid: 'label', scopes_invalid: 'scopes', ttl_invalid: 'days' };

type ScopedFields = Fields<'label' | 'scopes' | 'days'>;

const NONE: ScopedFields = { label: '', scopes: '', days: '' };

/** What was given of a token of either kind, and what is wrong with it. */
interface Shown {
  readonly name?: string;
  readonly scoped?: ScopedFields;
  readonly error?: unknown;
}

/** What the form of a token of v2 asks for. Throws `InvalidInputError` (codes `name_invalid`, `ttl_invalid`). */
function wishOf({ label, scopes, days }: ScopedFields) {
  const name = label.trim();
  if (!isUsername(name)) throw new InvalidInputError('a name is needed', { code: 'name_invalid' });
  const number = days.trim() === '' ? undefined : Number(days);
  if (number !== undefined && !(number > 0 && number <= MOST_DAYS)) {
    throw new InvalidInputError(`days: expected up to ${MOST_DAYS}`, { code: 'ttl_invalid' });
  }
  return {
    name,
    ...(scopes.trim() !== '' && { scopes: scopes.trim().split(/[\s,]+/) }),
    ...(number !== undefined && { ttl: Math.max(1, Math.round(number * 86_400)) }),
  };
}

/** What opens the account of a session. */
export function credentialsOf({ core, punchKeyLabels }: Web, { account }: Session): Promise<LiveCredential[]> {
  return liveCredentials(core, account.user_id, punchKeyLabels(account));
}
