/** Durations as people write them. */

import { InvalidArgumentError } from 'commander';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of a text such as `90`, `90s`, `5m`, `12h`, `30d` or `1h30m`. Throws `InvalidArgumentError`. */
export function seconds(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const parts = [...text.matchAll(/(\d+)([smhdw])/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw new InvalidArgumentError('expected a duration such as 90s, 5m, 12h or 30d.');
  }
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0), 0);
}

/** An integer. Throws `InvalidArgumentError`. */
export function integer(text: string): number {
  const number = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError('expected an integer.');
  return number;
}

/** A count, at least one. Throws `InvalidArgumentError`. */
export function count(text: string): number {
  const number = integer(text);
  if (number < 1) throw new InvalidArgumentError('expected 1 or more.');
  return number;
}
