/** The chart of a period, and the table of the same for those who read. */

import type { ProjectTotal, PunchBrief } from '../../../core/punches/read.ts';
import { edgesOf } from '../../calendar/period.ts';
import { type Bars, layBars } from '../../charts/bars.ts';
import { spread } from '../../charts/spread.ts';
import { layTimeline, type Timeline } from '../../charts/timeline.ts';
import { OTHERS } from '../../charts/tones.ts';
import type { Scene } from './scene.ts';

const MINUTE_MS = 60_000;
/** The most days of a timeline, and of bars of days; what is longer has bars of months. */
const TIMELINE = 7;
const BY_DAYS = 62;
/** Projects that a line of the table names. */
const NAMED = 5;

/** What a view shows. */
export interface Chart {
  readonly timeline?: Timeline;
  readonly bars?: Bars;
  readonly rows: readonly Row[];
}

/** What was done in a day, or a month: the longest projects, and how many others. */
interface Row {
  readonly label: string;
  readonly ms: number;
  readonly projects: readonly { readonly name: string; readonly ms: number }[];
  readonly more: number;
}

/** Makes chart and table of the punches that touch the period. */
export function chartOf(
  { zone, words, period, now, t, format }: Scene,
  punches: readonly PunchBrief[],
  totals: readonly ProjectTotal[],
  tone: (project: string) => number,
): Chart {
  const days = period.last - period.first + 1;
  const edges = edgesOf(zone, period, days > BY_DAYS ? 'month' : 'day');
  const spreads = spread(punches, edges, now);
  const label = days > BY_DAYS ? words.month : words.day;
  const rows = spreads.map((projects, i) => rowOf(label(edges[i] ?? 0), projects)).filter(({ ms }) => ms > 0);
  if (days <= TIMELINE) {
    const timeline = layTimeline({
      work: punches,
      edges,
      now,
      tone,
      minutes: moment => Math.floor(zone.wall(moment) / MINUTE_MS) % 1440,
      label: day => words.weekday(edges[day] ?? 0),
      title: ({ project, in: start, out }) =>
        `${clipped(project)} ${words.clock(start)}–${out === null ? t('punches.now') : words.clock(out)}`,
    });
    return { timeline, rows };
  }
  const own = totals.filter(({ project }) => tone(project) !== OTHERS).map(({ project }) => project);
  const others = t('punches.others');
  const merged = totals.length === own.length ? spreads : spreads.map(projects => withOthers(projects, own));
  const series = own.map(name => ({ name, tone: tone(name) }));
  const bars = layBars({
    bars: merged,
    series: totals.length === own.length ? series : [...series, { name: '', tone: OTHERS }],
    label: bar => (days > BY_DAYS ? words.month : words.date)(edges[bar] ?? 0),
    title: (name, bar, ms) => `${clipped(name) || others}, ${label(edges[bar] ?? 0)}: ${format.hours(ms)}`,
  });
  return { bars, rows };
}

/** All projects without a colour of their own as one without a name: no project is called so. */
function withOthers(projects: ReadonlyMap<string, number>, own: readonly string[]): Map<string, number> {
  const merged = new Map<string, number>();
  for (const [project, ms] of projects) {
    const name = own.includes(project) ? project : '';
    merged.set(name, (merged.get(name) ?? 0) + ms);
  }
  return merged;
}

function rowOf(label: string, projects: ReadonlyMap<string, number>): Row {
  const sorted = [...projects].sort(([, a], [, b]) => b - a).map(([name, ms]) => ({ name, ms }));
  const ms = sorted.reduce((sum, one) => sum + one.ms, 0);
  return { label, ms, projects: sorted.slice(0, NAMED), more: Math.max(0, sorted.length - NAMED) };
}

/** No name makes a page long. */
function clipped(name: string): string {
  return name.length <= 60 ? name : `${name.slice(0, 60)}…`;
}
