import type { Context } from 'koa';
import { NotFoundError } from '../../../base/errors.ts';
import { type CredentialName, type LiveCredential, revokeCredential } from '../../../core/access/live.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { revokeOthersByPassword } from '../../../core/accounts/own-deeds.ts';
import { revokeByPassword } from '../../../core/accounts/person-deeds.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { personDeed } from '../../deeds.ts';
import { told } from '../../problems.ts';
import { type Fields, signedIn } from '../../routes.ts';
import { credentialsOf } from './list.ts';

type Given = Fields<'kind' | 'id' | 'password'>;

/** A credential that can be revoked here; the browser's own session is ended by signing out. */
type Revocable = LiveCredential & CredentialName;

/** One credential ends, or all but the session that asks for it. Devices do not end without the password (contracts: verstak). */
export function revokeRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const { page, form } = signedIn(web, 'user');

  async function find(session: Session, kind: unknown, id: unknown): Promise<Revocable> {
    const all = await credentialsOf(web, session);
    const found = all.find(each => each.kind === kind && each.id !== undefined && each.id === id);
    if (found === undefined || found.id === session.doc.hash) {
      throw new NotFoundError('there is no such credential, or not any more', { code: 'credential_not_found' });
    }
    return found as Revocable;
  }

  async function ask(ctx: Context, session: Session, credential: Revocable, error?: unknown): Promise<void> {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    const title = t(`tokens.revoke_${credential.kind}`);
    const data = { problem, credential };
    pages.show(ctx, { view: 'tokens/revoke', title, status: problem?.status ?? 200, session, data });
  }

  async function revoke(ctx: Context, session: Session, { kind, id, password }: Given): Promise<void> {
    const credential = await find(session, kind, id);
    const { account } = session;
    if (credential.kind === 'device') {
      try {
        await revokeByPassword(core, account, { deviceId: id, password }, personDeed(web, ctx));
      } catch (error) {
        return ask(ctx, session, credential, error);
      }
    } else await revokeCredential(core, account.user_id, credential);
    redirect(ctx, `/tokens?done=${credential.kind}_revoked`, 303);
  }

  async function askAll(ctx: Context, session: Session, error?: unknown): Promise<void> {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : told(ctx, error, t);
    const all = await credentialsOf(web, session);
    const count = (of: LiveCredential['kind']) => all.filter(({ kind }) => kind === of).length;
    const data = { problem, tokens: count('token'), sessions: count('session') - 1, devices: count('device') };
    const title = t('tokens.allTitle');
    pages.show(ctx, { view: 'tokens/all', title, status: problem?.status ?? 200, session, data });
  }

  async function revokeAll(ctx: Context, session: Session, password: string): Promise<void> {
    const t = pages.t(ctx);
    const given = { password, except: session.doc.hash };
    const { tokens, sessions, devices } = await revokeOthersByPassword(
      core,
      session.account,
      given,
      personDeed(web, ctx),
    );
    const parts = [
      t('tokens.countTokens', { count: tokens }),
      t('tokens.countSessions', { count: sessions }),
      t('tokens.countDevices', { count: devices }),
    ];
    const text = t('tokens.ended', { what: parts.join(', ') });
    const data = { text, next: '/tokens', nextLabel: t('tokens.back') };
    pages.show(ctx, { view: 'result', title: t('tokens.allDone'), session, data });
  }

  return [
    page('/tokens/revoke', async (ctx, session) =>
      ask(ctx, session, await find(session, ctx.query.kind, ctx.query.id)),
    ),
    form('/tokens/revoke', ['kind', 'id', 'password'], revoke),
    page('/tokens/revoke-all', (ctx, session) => askAll(ctx, session)),
    form('/tokens/revoke-all', ['password'], (ctx, session, { password }) =>
      revokeAll(ctx, session, password).catch(error => askAll(ctx, session, error)),
    ),
  ];
}
