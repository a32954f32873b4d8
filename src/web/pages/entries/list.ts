import type { Context } from 'koa';
import { InvalidInputError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { type FolderPage, listFolder } from '../../../core/entries/folders.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { problemIn } from './problem.ts';

/** What stands between the names of folders in a key: of what keys may have, nothing looks more like it. */
const SEPARATOR = '.';
const PER_PAGE = 50;

/** `/data`: the keys of an account as folders, and those that begin with a text. */
export function listRoutes(web: Web): Route[] {
  const { core, pages, origin } = web;

  async function list(ctx: Context, session: Session): Promise<void> {
    const t = pages.t(ctx);
    const [prefix = '', after, before] = ['prefix', 'after', 'before'].map(name => text(ctx, name));
    const place = after !== undefined ? { after } : before !== undefined ? { before } : {};
    const query = { prefix, separator: SEPARATOR, limit: PER_PAGE, ...place };
    let problem: unknown;
    const listed = await listFolder(core, session.account.user_id, query).catch((error): FolderPage => {
      if (!(error instanceof InvalidInputError)) throw error;
      problem = problemIn(web, ctx, error);
      return { items: [] };
    });
    const data = {
      problem,
      prefix,
      listed,
      folders: foldersOf(prefix),
      folder: prefix.slice(0, prefix.lastIndexOf(SEPARATOR) + 1),
      address: origin.shown(ctx),
    };
    pages.show(ctx, { view: 'entries/list', title: t('data.title'), status: problem ? 400 : 200, session, data });
  }

  return [signedIn(web, 'user').page('/data', list)];
}

/** A parameter of the address; absent where it is missing, empty or there twice. */
function text({ query }: Context, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The folders that a key, or the beginning of one, lies in, the outermost first. */
export function foldersOf(key: string): { readonly name: string; readonly prefix: string }[] {
  const folders: { name: string; prefix: string }[] = [];
  for (let start = 0, at = key.indexOf(SEPARATOR); at >= 0; start = at + 1, at = key.indexOf(SEPARATOR, start)) {
    folders.push({ name: key.slice(start, at + 1), prefix: key.slice(0, at + 1) });
    if (folders.length === 20) break;
  }
  return folders;
}
