/** Moments, sizes and numbers as people read them. */

import type { Language } from '../base/language.ts';
import { type Html, html } from './html.ts';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** How a page writes what is not text. */
export interface Format {
  /** A moment, said from now, with the exact one (UTC) in its title; `none` where there is no moment. */
  time(moment: Date | number | undefined, none?: string): Html;
  /** A calendar day of UTC: `28 November 2026`. */
  day(moment: Date | number): string;
  /** `4.2 MiB`, of bytes. */
  size(bytes: number): string;
  number(value: number, digits?: 0 | 1 | 2): string;
  /** Hours and minutes of milliseconds: `7:05 h`. */
  hours(milliseconds: number): string;
}

const kept = new Map<Language, ReturnType<typeof formatsOf>>();

function formatsOf(language: Language) {
  return {
    relative: new Intl.RelativeTimeFormat(language, { numeric: 'auto' }),
    day: new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }),
    upTo: [0, 1].map(digits => new Intl.NumberFormat(language, { maximumFractionDigits: digits })),
    exactly: [0, 1, 2].map(
      digits => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    ),
  };
}

/** The formats of a language, at a moment (milliseconds). */
export function formatOf(language: Language, now: number): Format {
  // To make these takes longer than to write a page.
  const formats = kept.get(language) ?? formatsOf(language);
  kept.set(language, formats);
  return {
    time(moment, none = '–') {
      if (moment === undefined) return html`${none}`;
      const date = new Date(moment);
      const exact = date.toISOString().replace(/\.\d+Z$/, '');
      const said = relativeTo(formats.relative, date.getTime(), now);
      // Pages have hundreds of these: the title is short, and the same in all languages. The script makes a nicer one.
      return html`<time datetime="${exact}Z" title="${exact.slice(0, -3).replace('T', ' ')} UTC">${said}</time>`;
    },
    day: moment => formats.day.format(new Date(moment)),
    size: bytes => sizeOf(bytes, formats.upTo),
    number: (value, digits = 0) => formats.exactly[digits]?.format(value) ?? String(value),
    hours(milliseconds) {
      const minutes = Math.round(milliseconds / 60_000);
      return `${formats.exactly[0]?.format(Math.floor(minutes / 60))}:${String(minutes % 60).padStart(2, '0')}`;
    },
  };
}

function relativeTo(relative: Intl.RelativeTimeFormat, moment: number, now: number): string {
  const seconds = (moment - now) / 1000;
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  }
  return relative.format(0, 'second');
}

function sizeOf(bytes: number, upTo: readonly Intl.NumberFormat[]): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${upTo[digits]?.format(value)}\u00a0${SIZES[unit]}`;
}
