import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import { InvalidInputError, PreconditionFailedError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { findEntry } from '../../../core/entries/entries.ts';
import { writeEntry } from '../../../core/entries/write.ts';
import type { SentFile } from '../../../http/body/upload.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { type Fields, signedIn } from '../../routes.ts';
import { contentTypeOf, seenIn, seenText } from './draft.ts';
import { problemIn } from './problem.ts';

type Given = Fields<'key' | 'seen' | 'content_type'>;

const NOTHING: Given = { key: '', seen: '', content_type: '' };

/** Files become values: a text where they are UTF-8, else bytes. */
export function uploadRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const { page, upload } = signedIn(web, 'user');

  async function showForm(ctx: Context, session: Session, given: Given, error?: unknown): Promise<void> {
    const t = pages.t(ctx);
    const problem = error === undefined ? undefined : problemIn(web, ctx, error, 'file');
    // Who sends it again has been told what is there.
    const there = await findEntry(core, session.account.user_id, given.key).catch(() => undefined);
    // Nothing has changed for who did not know that there is something.
    const news = there && seenIn(given.seen) === 'absent' && error instanceof PreconditionFailedError;
    const seen = { ...given, seen: seenText(there) };
    const data = { problem: news ? undefined : problem, there, given: seen, limit: core.settings.valueBytes };
    pages.show(ctx, {
      view: 'entries/upload',
      title: t('data.uploadTitle'),
      status: problem?.status ?? 200,
      session,
      data,
    });
  }

  async function store(ctx: Context, session: Session, given: Given, file: SentFile | undefined): Promise<void> {
    try {
      if (file === undefined) throw new InvalidInputError('a file is needed', { code: 'file_needed' });
      const key = keyFor(given, file);
      const contentType = contentTypeOf(given.content_type) ?? typeOf(file);
      const value = isText(file.content) ? file.content.toString() : file.content;
      const { expires_at } = (await findEntry(core, session.account.user_id, key)) ?? {};
      const stored = { value, contentType, expiresAt: expires_at };
      const written = await writeEntry(core, session.account.user_id, key, stored, seenIn(given.seen));
      redirect(ctx, `/data/entry?${new URLSearchParams({ key: written.key, done: 'value_saved' })}`, 303);
    } catch (error) {
      const key = error instanceof PreconditionFailedError && file ? keyFor(given, file) : given.key;
      await showForm(ctx, session, { ...given, key }, error);
    }
  }

  return [
    page('/data/upload', async (ctx, session) => {
      const key = typeof ctx.query.key === 'string' ? ctx.query.key.slice(0, 1024) : '';
      await showForm(ctx, session, { ...NOTHING, key });
    }),
    upload('/data/upload', ['key', 'seen', 'content_type'], store, {
      bytes: core.settings.valueBytes,
      failed: (ctx, session, error) => showForm(ctx, session, NOTHING, error),
    }),
  ];
}

/** A key that is empty, or that of a folder, ends with the name of the file. */
function keyFor({ key }: Given, { name }: SentFile): string {
  return key === '' || key.endsWith('.') ? key + keyOfName(name) : key;
}

/** The name of a file as a key: other characters than keys have become `_`. */
function keyOfName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  return last.replace(/[^A-Za-z0-9_.,]+/g, '_').slice(0, 200);
}

/** What the browser takes the file for; nothing where it does not know. */
function typeOf({ type }: SentFile): string | undefined {
  const known = type !== 'application/octet-stream' && type !== 'text/plain';
  return known && /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : undefined;
}

/** Whether programs would want it as a text. */
function isText(content: Buffer): boolean {
  return isUtf8(content) && !content.includes(0);
}
