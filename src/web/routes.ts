/** Makers of the routes of pages: who may see them, and what their forms have to bring. */

import type { Context } from 'koa';
import { resolveSession, type Session } from '../core/access/sessions.ts';
import { CREDENTIAL_BODY } from '../http/body/body.ts';
import { type Form, formReader, isForm } from '../http/body/form.ts';
import { type SentFile, uploadReader } from '../http/body/upload.ts';
import { demandFormCsrf, demandOwnPage } from '../http/browser/csrf.ts';
import { demandLogin, type SessionScope, sendToLogin, sessionToken } from '../http/browser/session.ts';
import type { Params, Route } from '../http/routing.ts';
import type { Web } from './context.ts';

/** The fields of a form by the names that `Name` lists; those that are missing are empty. */
export type Fields<Name extends string> = Readonly<Record<Name, string>>;

/** A page for anybody. */
export function openPage(path: string, handle: (ctx: Context, params: Params) => Promise<void> | void): Route {
  return { method: 'GET', path, kind: 'browser', handle: async (ctx, params) => handle(ctx, params) };
}

/** What a form of somebody who is not signed in does: the fields named in `names` are read, and only a page of ours may send it. */
export function openForm<const N extends string>(
  { origin }: Pick<Web, 'origin'>,
  path: string,
  names: readonly N[],
  handle: (ctx: Context, fields: Fields<N>) => Promise<void>,
): Route {
  const read = formReader(CREDENTIAL_BODY.bytes);
  return {
    method: 'POST',
    path,
    kind: 'browser',
    async handle(ctx) {
      origin.demandSameOrigin(ctx);
      const form = await read(ctx);
      demandFormCsrf(ctx, form.get('locale_csrf'));
      await handle(ctx, fieldsOf(form, names));
    },
  };
}

/** The session of a request, if it has one that is alive and whose account may use it. */
export async function sessionOf(
  { core }: Pick<Web, 'core'>,
  ctx: Context,
  scope: SessionScope,
): Promise<Session | undefined> {
  const session = await resolveSession(core, sessionToken(ctx, scope), scope);
  if (session) {
    ctx.state.account = session.account.user_id;
    // For the page of an error.
    ctx.state.session = session;
  }
  return session;
}

/** Makers of the pages and forms of people, or of admins, who are signed in. Who is not is sent to log in. */
export interface SignedIn {
  /** A page; it changes nothing. */
  page(path: string, handle: (ctx: Context, session: Session, params: Params) => Promise<void>): Route;
  /** What a form does. `bytes` is how long it may be, 16 KiB without it. */
  form<const N extends string>(
    path: string,
    names: readonly N[],
    handle: (ctx: Context, session: Session, fields: Fields<N>, params: Params) => Promise<void>,
    bytes?: number,
  ): Route;
  /** What a form with a file of at most `bytes` does; `failed` shows it again when what was sent cannot be read. */
  upload<const N extends string>(
    path: string,
    names: readonly N[],
    handle: (ctx: Context, session: Session, fields: Fields<N>, file: SentFile | undefined) => Promise<void>,
    { bytes, failed }: { bytes: number; failed(ctx: Context, session: Session, error: unknown): Promise<void> },
  ): Route;
}

/** The makers for a scope. */
export function signedIn(web: Web, scope: SessionScope): SignedIn {
  const known = (
    method: Route['method'],
    path: string,
    handle: (ctx: Context, session: Session, params: Params) => Promise<void>,
  ): Route => ({
    method,
    path,
    kind: 'browser',
    async handle(ctx, params) {
      const session = await sessionOf(web, ctx, scope);
      if (session === undefined) {
        // What is no page and no form was sent by a program.
        return method === 'GET' || isForm(ctx) ? sendToLogin(ctx, scope) : demandLogin(ctx, scope);
      }
      await handle(ctx, session, params);
    },
  });
  return {
    page: (path, handle) => known('GET', path, handle),
    form(path, names, handle, bytes = CREDENTIAL_BODY.bytes) {
      const read = formReader(bytes);
      return known('POST', path, async (ctx, session, params) => {
        const form = await read(ctx);
        demandOwnPage(ctx, web.origin, session.doc.csrf_hash, form.get('csrf_token'));
        await handle(ctx, session, fieldsOf(form, names), params);
      });
    },
    upload(path, names, handle, { bytes, failed }) {
      const read = uploadReader(bytes);
      return known('POST', path, async (ctx, session) => {
        // Before anything is held in memory for it.
        web.origin.demandSameOrigin(ctx);
        const sent = await read(ctx).catch(error => failed(ctx, session, error));
        if (sent === undefined) return;
        const { form, file } = sent;
        demandOwnPage(ctx, web.origin, session.doc.csrf_hash, form.get('csrf_token'));
        await handle(ctx, session, fieldsOf(form, names), file);
      });
    },
  };
}

function fieldsOf<N extends string>(form: Form, names: readonly N[]): Fields<N> {
  return Object.fromEntries(names.map(name => [name, form.get(name) ?? ''])) as Fields<N>;
}
