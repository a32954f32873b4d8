/** `/punches`: the clocks that run, and a period as a chart, in sums, and as a list. */

import type { Context } from 'koa';
import type { Session } from '../../../core/access/sessions.ts';
import { briefsIn } from '../../../core/punches/brief.ts';
import {
  listPunches,
  type PunchBrief,
  projectsOf,
  projectTotals,
  punchesWith,
  runningPunches,
} from '../../../core/punches/read.ts';
import { LONGEST, nameOf, type Period } from '../../calendar/period.ts';
import { DAY_MS } from '../../calendar/zone.ts';
import { OTHERS, tonesOf } from '../../charts/tones.ts';
import type { Web } from '../../context.ts';
import { chartOf } from './chart.ts';
import { type Asked, writeAsked } from './query.ts';
import { sceneOf } from './scene.ts';

/** Punches on one page of the list; projects to choose from, and in the sums; clocks that run. */
const LISTED = 30;
const PROJECTS = 50;
const CLOCKS = 10;
/** Punches among which projects to choose from are looked for: the last ones, and those of the period. */
const RECENT = 200;
const MANY = 2000;

/** Shows the page. */
export async function showOverview(web: Web, ctx: Context, session: Session): Promise<void> {
  const { core, origin, pages } = web;
  const { user_id: accountId } = session.account;
  const scene = sceneOf(web, ctx);
  const { asked, words, period, now, zone, t } = scene;
  const [running, recent, begun] = await Promise.all([
    runningPunches(core, accountId),
    projectsOf(core, accountId, RECENT),
    briefsIn(core, accountId, period),
  ]);
  const all = withForgotten(begun, running, period);
  const projects = [...new Set([...recent, ...all.slice(-MANY).map(({ project }) => project)])];
  const punches = asked.project === undefined ? all : all.filter(({ project }) => project === asked.project);
  const totals = projectTotals(punches, period, now);
  const tones = tonesOf(totals.map(({ project }) => project));
  const tone = (project: string) => tones.get(project) ?? OTHERS;
  const isNew = all.length === 0 && (await listPunches(core, accountId, { limit: 1 })).items.length === 0;
  const listed = listOf(punches, asked, period);
  const data = {
    words,
    zone: zone.name,
    now,
    running: running.slice(0, CLOCKS),
    projects: projects.slice(0, PROJECTS),
    address: isNew ? origin.shown(ctx) : undefined,
    isCut: period.kind === 'dates' && period.last - period.first + 1 === LONGEST,
    period: words.period(period),
    kind: period.kind,
    project: asked.project,
    from: nameOf(period.first),
    to: nameOf(period.last),
    links: linksOf(asked, period, now),
    back: writeAsked({ ...period.asked, project: asked.project }).slice(1),
    totals: totals.slice(0, PROJECTS),
    ms: totals.reduce((sum, { ms }) => sum + ms, 0),
    earned: totals.reduce((sum, { earned }) => sum + earned, 0),
    tone,
    ...chartOf(scene, punches, totals, tone),
    ...listed,
    items: await punchesWith(
      core,
      accountId,
      listed.items.map(({ id }) => id),
    ),
  };
  pages.show(ctx, { view: 'punches', title: t('punches.title'), session, data });
}

/** In the order of their beginnings, with the clocks that somebody forgot: they began long ago, and run through the period. */
function withForgotten(
  begun: readonly PunchBrief[],
  running: readonly PunchBrief[],
  { from }: Period,
): readonly PunchBrief[] {
  const early = running.filter(punch => punch.in < from);
  const forgotten = early.filter(({ id }) => !begun.some(known => known.id === id)).sort(byBeginning);
  return forgotten.length === 0 ? begun : [...forgotten, ...begun];
}

function linksOf({ project }: Asked, period: Period, now: number) {
  const { from, below, first, last, kind, asked } = period;
  const link = (to: Asked, path = '/punches') => `${path}${writeAsked({ ...to, project })}`;
  // Where the other views go on: today, if it is here.
  const date = nameOf(from <= now && now < below ? Math.min(last, first + Math.floor((now - from) / DAY_MS)) : first);
  return {
    previous: link(period.previous),
    next: link(period.next),
    today: link({ view: kind === 'month' ? 'month' : 'week' }),
    week: link({ view: 'week', date }),
    month: link({ view: 'month', date }),
    csv: link(asked, '/punches/export.csv'),
    json: link(asked, '/punches/export.json'),
    all: link({}),
  };
}

function byBeginning(a: PunchBrief, b: PunchBrief): number {
  return a.in - b.in || (a.id < b.id ? -1 : 1);
}

/**
 * A page of the list, the last begun first; `punches` are in the order of their beginnings. The next one begins behind the last of this:
 * none is skipped or comes twice.
 */
function listOf(punches: readonly PunchBrief[], { after = '', project }: Asked, { asked }: Period) {
  const [, time, id = ''] = /^(\d+(?:\.\d+)?)_(.*)$/.exec(after) ?? [];
  const isBehind = (one: PunchBrief) => one.in < Number(time) || (one.in === Number(time) && one.id < id);
  const end = time === undefined ? punches.length : punches.findLastIndex(isBehind) + 1;
  const items = punches.slice(Math.max(0, end - LISTED), end).reverse();
  const last = items.at(-1);
  const here = { ...asked, project };
  return {
    items,
    count: punches.length,
    older:
      last !== undefined && punches[0] !== last
        ? `/punches${writeAsked({ ...here, after: `${last.in}_${last.id}` })}`
        : undefined,
    newest: end === punches.length ? undefined : `/punches${writeAsked(here)}`,
  };
}
