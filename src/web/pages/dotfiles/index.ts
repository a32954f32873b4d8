import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { readDotfile } from '../../../core/dotfiles/read.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { previewOf } from '../entries/preview.ts';
import { contentOf } from './content.ts';
import { listFiles, type Place } from './list.ts';

/** Most characters of a path, or of a text that is looked for. */
const LONGEST = 2048;

/** Dotfiles: which there are, what is in them, and to take home. */
export function dotfileRoutes(web: Web): Route[] {
  const { core, origin, pages } = web;
  const user = signedIn(web, 'user');

  async function showList(ctx: Context, session: Session): Promise<void> {
    const t = pages.t(ctx);
    const q = textOf(ctx, 'q');
    const after = placeOf(ctx);
    const listed = await listFiles(core, session.account.user_id, q, after);
    const { sets, next, isEmpty } = listed;
    const more = next && query({ q, set: next.set, path: next.path, index: String(next.index) });
    const data = {
      q,
      sets,
      more,
      isFirst: after === undefined,
      address: isEmpty ? origin.shown(ctx) : undefined,
      fileQuery,
    };
    pages.show(ctx, { view: 'dotfiles', title: t('dotfiles.title'), session, data });
  }

  async function showFile(ctx: Context, session: Session): Promise<void> {
    const [set, path] = [textOf(ctx, 'set'), textOf(ctx, 'path')];
    const file = await readDotfile(core, session.account.user_id, set, path);
    const { sha256, size, mode, modified } = file;
    const data = {
      file: { path, sha256, size, mode, modified },
      preview: previewOf(contentOf(file.content)),
      query: fileQuery(set, path),
    };
    pages.show(ctx, { view: 'dotfile', title: nameOf(path), session, data });
  }

  async function sendFile(ctx: Context, { account }: Session): Promise<void> {
    const path = textOf(ctx, 'path');
    const { content } = await readDotfile(core, account.user_id, textOf(ctx, 'set'), path);
    ctx.attachment(nameOf(path));
    ctx.type = 'application/octet-stream';
    ctx.body = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  }

  return [
    user.page('/dotfiles', showList),
    user.page('/dotfiles/file', showFile),
    user.page('/dotfiles/download', sendFile),
  ];
}

function textOf({ query }: Context, name: string): string {
  const value = query[name];
  return typeof value === 'string' && value.length <= LONGEST ? value : '';
}

/** Where the last page ended, as its link says it. */
function placeOf(ctx: Context): Place | undefined {
  const [set, path, index] = [textOf(ctx, 'set'), textOf(ctx, 'path'), textOf(ctx, 'index')];
  return set !== '' && /^\d{1,6}$/.test(index) ? { set, path, index: Number(index) } : undefined;
}

function fileQuery(set: string, path: string): string {
  return query({ set, path });
}

function query(values: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''))}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
