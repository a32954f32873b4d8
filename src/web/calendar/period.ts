/** Stretches of days that a page shows: a week, a month, or from one day to another. */

import { DAY_MS, type Zone } from './zone.ts';

/** What the address says of a period. */
export interface AskedPeriod {
  readonly view?: string | undefined;
  /** A day in it, as `2026-11-28`. */
  readonly date?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Days in a zone. */
export interface Period {
  readonly kind: 'week' | 'month' | 'dates';
  /** The first day and the last one, counted from 1970-01-01. */
  readonly first: number;
  readonly last: number;
  /** The moments at which they begin and end. */
  readonly from: number;
  readonly below: number;
  /** How the address names it, and its neighbours. */
  readonly asked: AskedPeriod;
  readonly previous: AskedPeriod;
  readonly next: AskedPeriod;
}

/** The longest period, in days: all of it is read for its sums. */
export const LONGEST = 366;

const LAST_DAY = 2_932_896;

/** The day that a text like `2026-11-28` names, counted from 1970-01-01; undefined for what is none between 1970 and 9999. */
export function dayNamed(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const day = Date.parse(text) / DAY_MS;
  return Number.isInteger(day) && day >= 0 && nameOf(day) === text ? day : undefined;
}

/** `2026-11-28` of a day. */
export function nameOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The day at a moment. */
export function dayAt(zone: Zone, moment: number): number {
  return Math.max(0, Math.min(LAST_DAY, Math.floor(zone.wall(moment) / DAY_MS)));
}

/** The moment at which a day begins. */
export function startOf(zone: Zone, day: number): number {
  return zone.moment(day * DAY_MS);
}

/** The period that is asked for; without a word that makes sense, the week of `now`. Weeks begin on Monday. */
export function periodOf(zone: Zone, asked: AskedPeriod, now: number): Period {
  const [from, to] = [dayNamed(asked.from), dayNamed(asked.to)];
  if (from !== undefined || to !== undefined) {
    const first = from ?? Math.max(0, (to ?? 0) - 30);
    const last = Math.max(first, to ?? Math.max(first, dayAt(zone, now)));
    return stretch(zone, 'dates', first, Math.min(last, first + LONGEST - 1));
  }
  const day = dayNamed(asked.date) ?? dayAt(zone, now);
  if (asked.view !== 'month') {
    const monday = day - ((day + 3) % 7);
    return stretch(zone, 'week', Math.max(0, monday), monday + 6);
  }
  const date = new Date(day * DAY_MS);
  const month = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset) / DAY_MS;
  return stretch(zone, 'month', month(0), month(1) - 1);
}

function stretch(zone: Zone, kind: Period['kind'], first: number, last: number): Period {
  const asked = (start: number, end: number): AskedPeriod => {
    const day = (number: number) => nameOf(Math.max(0, Math.min(LAST_DAY, number)));
    if (kind === 'dates') return { from: day(start), to: day(end) };
    return { view: kind, date: day(start) };
  };
  const days = last - first + 1;
  return {
    kind,
    first,
    last,
    from: startOf(zone, first),
    below: startOf(zone, last + 1),
    asked: asked(first, last),
    previous: asked(kind === 'month' ? first - 1 : first - days, first - 1),
    next: asked(last + 1, last + days),
  };
}

/** The moments at which the days of a period begin, and its end; of a long one those of its months. */
export function edgesOf(zone: Zone, { first, last, below }: Period, each: 'day' | 'month'): number[] {
  const edges: number[] = [];
  for (let day = first; day <= last; day++) {
    const isEdge = each === 'day' || day === first || new Date(day * DAY_MS).getUTCDate() === 1;
    if (isEdge) edges.push(startOf(zone, day));
  }
  return [...edges, below];
}
