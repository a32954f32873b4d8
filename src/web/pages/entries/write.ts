import type { Context } from 'koa';
import { PreconditionFailedError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import type { EntryDoc } from '../../../core/collections.ts';
import { contentOf } from '../../../core/entries/content.ts';
import { findEntry, getEntry } from '../../../core/entries/entries.ts';
import { writeEntry } from '../../../core/entries/write.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import type { Web } from '../../context.ts';
import { signedIn } from '../../routes.ts';
import { type Draft, draftOf, FIELDS, newValueOf, seenIn, seenText } from './draft.ts';
import { keyOf } from './entry.ts';
import { previewOf } from './preview.ts';
import { problemIn } from './problem.ts';

/** What a form takes more than the value in it: each byte may become three, and a line of JSON gets longer. */
const BESIDE = 2_097_152;

/** Bytes of HTML of a value beside another one. */
const BESIDE_MINE = 20_000;

/** New entries, and changes of those that are there: only of what was seen. */
export function writeRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const { page, form } = signedIn(web, 'user');

  function showForm(ctx: Context, session: Session, draft: Draft, error?: unknown): void {
    const problem = error === undefined ? undefined : problemIn(web, ctx, error);
    const isNew = draft.seen === 'absent';
    const title = pages.t(ctx)(isNew ? 'data.newTitle' : 'data.editTitle');
    const data = { problem, draft, isNew };
    pages.show(ctx, { view: 'entries/form', title, status: problem?.status ?? 200, session, data });
  }

  /** Mine and what is there, side by side. */
  function showConflict(ctx: Context, session: Session, draft: Draft, present: EntryDoc | undefined): void {
    const t = pages.t(ctx);
    const preview = present && previewOf(contentOf(present), BESIDE_MINE);
    const data = { draft: { ...draft, seen: seenText(present) }, present, preview };
    ctx.state.code = 'precondition_failed';
    pages.show(ctx, { view: 'entries/conflict', title: t('data.conflictTitle'), status: 412, session, data });
  }

  async function save(ctx: Context, session: Session, draft: Draft): Promise<void> {
    const { user_id } = session.account;
    let { key } = draft;
    try {
      const present = await findEntry(core, user_id, draft.key);
      // What stays as it is has to be there.
      if (draft.kind === 'keep' && present === undefined) return showConflict(ctx, session, draft, present);
      const given = await newValueOf(draft, present, core.clock.now());
      // A plugin may have stored it elsewhere.
      ({ key } = await writeEntry(core, user_id, draft.key, given, seenIn(draft.seen)));
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) return showForm(ctx, session, draft, error);
      return showConflict(ctx, session, draft, await findEntry(core, user_id, draft.key));
    }
    redirect(ctx, `/data/entry?${new URLSearchParams({ key, done: 'value_saved' })}`, 303);
  }

  const longest = 3 * core.settings.valueBytes + BESIDE;
  return [
    page('/data/new', async (ctx, session) => {
      const key = typeof ctx.query.key === 'string' ? ctx.query.key.slice(0, 1024) : '';
      showForm(ctx, session, { key, seen: 'absent', kind: 'text', value: '', content_type: '', expires: '' });
    }),
    form('/data/new', FIELDS, (ctx, session, draft) => save(ctx, session, { ...draft, seen: 'absent' }), longest),
    page('/data/edit', async (ctx, session) =>
      showForm(ctx, session, draftOf(await getEntry(core, session.account.user_id, keyOf(ctx)))),
    ),
    form('/data/edit', FIELDS, save, longest),
  ];
}
