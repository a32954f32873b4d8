/** The page of one punch, and what its forms do. */

import type { Context } from 'koa';
import { PreconditionFailedError } from '../../../base/errors.ts';
import type { Session } from '../../../core/access/sessions.ts';
import { addPunch, changePunch } from '../../../core/punches/edit.ts';
import { getPunch, type PunchView, projectsOf } from '../../../core/punches/read.ts';
import { deletePunches } from '../../../core/punches/store.ts';
import { redirect } from '../../../http/browser/below.ts';
import type { Route } from '../../../http/routing.ts';
import { fieldOf, momentIn } from '../../calendar/words.ts';
import { type Zone, zoneNamed } from '../../calendar/zone.ts';
import type { Web } from '../../context.ts';
import type { Problem } from '../../problems.ts';
import { signedIn } from '../../routes.ts';
import { changeOf, commentsOf, FIELDS, FORM_BYTES, type Given, newPunch, punchProblem, valuesOf } from './form.ts';
import { backTo, writeAsked } from './query.ts';
import { type Scene, sceneOf } from './scene.ts';

/** What a form that comes back holds: what was typed, what is wrong, and what a client made of the punch meanwhile. */
interface Back {
  readonly given?: Given;
  readonly problem?: Problem;
}

/** The pages of one punch. */
export function editRoutes(web: Web): Route[] {
  const { core, pages } = web;
  const user = signedIn(web, 'user');

  /** Shows the form; without a punch that of a new one. */
  async function showForm(
    ctx: Context,
    session: Session,
    punch: PunchView | undefined,
    form: Back = {},
  ): Promise<void> {
    const scene = sceneOf(web, ctx);
    const { words, t, now, asked } = scene;
    const { given, problem } = form;
    const zone = zoneIn(given, scene);
    const projects = await projectsOf(core, session.account.user_id);
    const fresh = {
      project: asked.project ?? projects[0] ?? '',
      in: fieldOf(zone, now),
      out: '',
      rate: '',
      comment: '',
    };
    const back = given?.back ?? writeAsked(asked).slice(1);
    const data = {
      words,
      punch,
      zone: zone.name,
      values: given ?? (punch ? valuesOf(punch, zone) : fresh),
      typed: given,
      comments: punch ? commentsOf(punch) : [],
      problem,
      theirs: problem?.status === 412 ? punch : undefined,
      mine: given && timesOf(given, zone),
      projects: projects.slice(0, 50),
      back,
      way: backTo(back),
      now,
    };
    const title = t(punch ? 'punches.editTitle' : 'punches.addTitle');
    pages.show(ctx, { view: 'punch', title, status: problem?.status ?? 200, session, data });
  }

  /** Does something to a punch that is as the form showed it. What a client made of it meanwhile is shown beside the form. */
  async function act(
    ctx: Context,
    session: Session,
    id: string,
    given: Given,
    done: string,
    deed: (punch: PunchView, scene: Scene) => Promise<unknown>,
  ): Promise<void> {
    const scene = sceneOf(web, ctx);
    const punch = await getPunch(core, session.account.user_id, id);
    try {
      if (String(punch.updated) !== given.seen) throw new PreconditionFailedError(String(punch.updated));
      await deed(punch, scene);
    } catch (error) {
      const problem = punchProblem(ctx, error, scene.t);
      const theirs = problem.status === 412 ? await getPunch(core, session.account.user_id, id) : punch;
      return showForm(ctx, session, theirs, { given: typedOf(given, theirs, done, scene), problem });
    }
    redirect(ctx, backTo(given.back, done), 303);
  }

  return [
    user.page('/punches/new', (ctx, session) => showForm(ctx, session, undefined)),
    user.form(
      '/punches/new',
      FIELDS,
      async (ctx, session, given) => {
        const scene = sceneOf(web, ctx);
        try {
          await addPunch(core, session.account.user_id, newPunch(given, zoneIn(given, scene), scene.now));
        } catch (error) {
          return showForm(ctx, session, undefined, { given, problem: punchProblem(ctx, error, scene.t) });
        }
        redirect(ctx, backTo(given.back, 'punch_added'), 303);
      },
      FORM_BYTES,
    ),
    user.page('/punches/:id', async (ctx, session, { id = '' }) =>
      showForm(ctx, session, await getPunch(core, session.account.user_id, id)),
    ),
    user.form(
      '/punches/:id',
      FIELDS,
      (ctx, session, given, { id = '' }) =>
        act(ctx, session, id, given, 'punch_saved', async (punch, scene) => {
          const change = changeOf(punch, given, zoneIn(given, scene), scene.now);
          if (Object.keys(change).length === 0) return;
          await changePunch(core, session.account.user_id, id, change, punch.updated);
        }),
      FORM_BYTES,
    ),
    user.form('/punches/:id/end', FIELDS, (ctx, session, given, { id = '' }) =>
      act(ctx, session, id, given, 'punch_ended', ({ updated }, { now }) =>
        changePunch(core, session.account.user_id, id, { out: now }, updated),
      ),
    ),
    user.form('/punches/:id/delete', FIELDS, (ctx, session, given, { id = '' }) =>
      act(ctx, session, id, given, 'punch_deleted', () => deletePunches(core, session.account.user_id, [id])),
    ),
  ];
}

/** What was typed. A button brings no fields: theirs would hold what stands there now, and the end that it sets. */
function typedOf(given: Given, punch: PunchView, done: string, { zone, now }: Scene): Given {
  if (given.zone !== '') return given;
  const end = done === 'punch_ended' ? { out: fieldOf(zone, now) } : {};
  return { ...given, ...valuesOf(punch, zone), ...end, zone: zone.name };
}

/** The times that were typed, to be shown as those that are stored; what is none stays as it is. */
function timesOf(given: Given, zone: Zone) {
  const out = given.out === '' ? null : (momentIn(zone, given.out) ?? given.out);
  return { in: momentIn(zone, given.in) ?? given.in, out };
}

/** The zone in which a form was shown; the browser may have told its own since. */
function zoneIn(given: Given | undefined, { zone }: Scene): Zone {
  return zoneNamed(given?.zone) ?? zone;
}
