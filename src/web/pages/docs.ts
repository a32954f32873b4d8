import type { Context } from 'koa';
import { NotFoundError } from '../../base/errors.ts';
import { below, redirect } from '../../http/browser/below.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { type DocumentPage, documentPages } from '../documents/list.ts';
import { readDocument } from '../documents/read.ts';
import { requestsOf } from '../documents/requests.ts';
import { openPage, sessionOf } from '../routes.ts';

/** The document that is no file. */
const API = 'api';

/** `/docs`: the documents, with this server's address in the examples; and every request, made of what describes the API. */
export function docsRoutes(web: Web): Route[] {
  const { origin, pages, settings, described } = web;
  const shown = ({ name, api }: DocumentPage) =>
    name === API ? described !== undefined : api === undefined || settings.speaks(api);
  const listFor = (page: string) => documentPages.filter(shown).map(({ name }) => ({ name, current: name === page }));

  async function showRequests(ctx: Context): Promise<void> {
    if (described === undefined) throw new NotFoundError('there is no such document');
    const { document } = await described();
    const groups = requestsOf(document, origin.shown(ctx));
    const session = await sessionOf(web, ctx, 'user');
    const data = { groups, list: listFor(API) };
    pages.show(ctx, { view: 'requests', title: pages.t(ctx)('docs.api'), session, data });
  }

  async function show(ctx: Context, name: string): Promise<void> {
    const page = documentPages.find(known => known.name === name);
    if (page?.file === undefined || !shown(page)) throw new NotFoundError('there is no such document');
    const t = pages.t(ctx);
    const content = await readDocument(name, { address: origin.shown(ctx), path: below(ctx, '') });
    const session = await sessionOf(web, ctx, 'user');
    pages.show(ctx, { view: 'docs', title: t(`docs.${name}`), session, data: { content, list: listFor(name) } });
  }

  return [
    openPage('/docs', ctx => redirect(ctx, '/docs/start')),
    openPage('/docs/api', showRequests),
    openPage('/docs/:name', (ctx, { name = '' }) => show(ctx, name)),
  ];
}
