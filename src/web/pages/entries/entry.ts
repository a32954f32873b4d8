import type { Context } from 'koa';
import { NotFoundError, PluginRefusedError, PreconditionFailedError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import type { EntryDoc } from '../../../core/collections.ts';
import { bytesOf, contentOf, openLong } from '../../../core/entries/content.ts';
import { getEntry } from '../../../core/entries/entries.ts';
import { removeEntry } from '../../../core/entries/write.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { seenIn, seenText } from './draft.ts';
import { foldersOf } from './list.ts';
import { imageType, previewOf } from './preview.ts';
import { problemIn } from './problem.ts';

/** One entry: what is in it, as a file, and away with it. */
export function entryRoutes(web: Web): Route[] {
  const { core, pages, origin } = web;
  const { page, form } = signedIn(web, 'user');
  const find = (ctx: Context, { account }: Session) => getEntry(core, account.user_id, keyOf(ctx));

  async function view(ctx: Context, session: Session): Promise<void> {
    const entry = await find(ctx, session);
    const content = contentOf(entry);
    const data = {
      entry,
      folders: foldersOf(entry.key),
      preview: previewOf(content),
      bytes: content.kind === 'long' ? content.size : (entry.size ?? bytesOf(content).byteLength),
      address: origin.shown(ctx),
    };
    pages.show(ctx, { view: 'entries/entry', title: entry.key, session, data });
  }

  async function download(ctx: Context, session: Session): Promise<void> {
    const entry = await find(ctx, session);
    const content = contentOf(entry);
    // Never a page, whatever somebody has stored.
    ctx.set('Content-Type', 'application/octet-stream');
    ctx.set('Content-Disposition', `attachment; filename="${entry.key.slice(-100).replaceAll('/', '_')}"`);
    ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
    if (content.kind === 'long') {
      ctx.set('Content-Length', String(content.size));
      if (ctx.method !== 'HEAD') ctx.body = await openLong(core, content);
    } else ctx.body = bytesOf(content);
  }

  async function image(ctx: Context, session: Session): Promise<void> {
    const content = contentOf(await find(ctx, session));
    const type = imageType(content);
    if (type === undefined || content.kind === 'long') throw new NotFoundError('this is no picture');
    ctx.set('Content-Type', type);
    ctx.set('Content-Security-Policy', "default-src 'none'; sandbox");
    ctx.body = bytesOf(content);
  }

  function ask(ctx: Context, session: Session, entry: EntryDoc, error?: unknown): void {
    const problem = error === undefined ? undefined : problemIn(web, ctx, error);
    const data = { problem, entry, seen: seenText(entry) };
    const title = pages.t(ctx)('data.deleteTitle');
    pages.show(ctx, { view: 'entries/delete', title, status: problem?.status ?? 200, session, data });
  }

  return [
    page('/data/entry', view),
    page('/data/download', download),
    page('/data/image', image),
    page('/data/delete', async (ctx, session) => ask(ctx, session, await find(ctx, session))),
    form('/data/delete', ['key', 'seen'], async (ctx, session, { key, seen }) => {
      const { user_id } = session.account;
      try {
        const was = seenIn(seen);
        await removeEntry(core, user_id, key, was === 'absent' ? { etag: '' } : was);
      } catch (error) {
        if (!(error instanceof PreconditionFailedError || error instanceof PluginRefusedError)) throw error;
        return ask(ctx, session, await getEntry(core, user_id, key), error);
      }
      const folder = key.slice(0, key.lastIndexOf('.') + 1);
      redirect(ctx, `/data?${new URLSearchParams({ prefix: folder, done: 'value_deleted' })}`, 303);
    }),
  ];
}

/** The key that the address names. */
export function keyOf({ query }: Context): string {
  return typeof query.key === 'string' ? query.key : '';
}
