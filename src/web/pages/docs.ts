import type { Context } from 'koa';
import { NotFoundError } from '../../base/errors.ts';
import { below, redirect } from '../../http/browser/below.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { type DocumentPage, documentPages } from '../documents/list.ts';
import { readDocument } from '../documents/read.ts';
import { openPage, sessionOf } from '../routes.ts';

/** `/docs`: the documents, with this server's address in the examples. */
export function docsRoutes(web: Web): Route[] {
  const { origin, pages, settings } = web;
  const shown = ({ api }: DocumentPage) => api === undefined || settings.speaks(api);

  async function show(ctx: Context, name: string): Promise<void> {
    const page = documentPages.find(known => known.name === name);
    if (page === undefined || !shown(page)) throw new NotFoundError('there is no such document');
    const t = pages.t(ctx);
    const content = await readDocument(name, { address: origin.shown(ctx), path: below(ctx, '') });
    const list = documentPages.filter(shown).map(known => ({ name: known.name, current: known === page }));
    const session = await sessionOf(web, ctx, 'user');
    pages.show(ctx, { view: 'docs', title: t(`docs.${name}`), session, data: { content, list } });
  }

  return [
    openPage('/docs', ctx => redirect(ctx, '/docs/start')),
    openPage('/docs/:name', (ctx, { name = '' }) => show(ctx, name)),
  ];
}
