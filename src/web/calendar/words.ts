/** Moments and days as people of a zone write them. */

import type { Language } from '../../base/language.ts';
import type { Period } from './period.ts';
import { DAY_MS, type Zone } from './zone.ts';

const formats = new Map<Language, ReturnType<typeof formatsOf>>();

function formatsOf(language: Language) {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' });
  return {
    clock: new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' }),
    moment: format({ day: 'numeric', month: 'short', year: 'numeric' }),
    date: format({ day: 'numeric' }),
    weekday: format({ weekday: 'short', day: 'numeric' }),
    day: format({ weekday: 'short', day: 'numeric', month: 'short' }),
    long: format({ day: 'numeric', month: 'long', year: 'numeric' }),
    month: format({ month: 'long', year: 'numeric' }),
    shortMonth: format({ month: 'short', year: '2-digit' }),
  };
}

/** How a page writes times of a zone. */
export interface Words {
  /** `09:05`. */
  clock(moment: number): string;
  /** `28 Nov 2026, 09:05`. */
  exact(moment: number): string;
  /** Of a moment at which a day begins: `28`; `Sat 28`; `Sat 28 Nov`; `Nov 26`. */
  date(moment: number): string;
  weekday(moment: number): string;
  day(moment: number): string;
  month(moment: number): string;
  /** The days of a period. */
  period(period: Period): string;
}

/** The words of a language for a zone. */
export function wordsOf(language: Language, zone: Zone): Words {
  const found = formats.get(language) ?? formatsOf(language);
  formats.set(language, found);
  const at = (moment: number) => Math.max(-8.64e15, Math.min(8.64e15, zone.wall(moment)));
  return {
    clock: moment => found.clock.format(at(moment)),
    exact: moment => `${found.moment.format(at(moment))}, ${found.clock.format(at(moment))}`,
    date: moment => found.date.format(at(moment)),
    weekday: moment => found.weekday.format(at(moment)),
    day: moment => found.day.format(at(moment)),
    month: moment => found.shortMonth.format(at(moment)),
    period({ kind, first, last }) {
      if (kind === 'month') return found.month.format(first * DAY_MS);
      return found.long.formatRange(first * DAY_MS, last * DAY_MS);
    },
  };
}

/** A moment as a field of type `datetime-local` takes it, to the minute. */
export function fieldOf(zone: Zone, moment: number): string {
  const date = new Date(zone.wall(moment));
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return `${day}T${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

const FIELD = /^(\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,3})?)?$/;

/** The moment that such a field names, or undefined. */
export function momentIn(zone: Zone, field: string): number | undefined {
  const parts = FIELD.exec(field.trim());
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1)
    .map(part => Number(part ?? 0));
  const wall = new Date(Date.UTC(2000, month - 1, day, hour, minute, second));
  wall.setUTCFullYear(year, month - 1, day);
  // What is no day of the calendar would become one of the next month.
  const isTime =
    wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return isTime && !Number.isNaN(wall.getTime()) ? zone.moment(wall.getTime()) : undefined;
}
