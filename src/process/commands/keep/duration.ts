import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a text such as `90s`, `30m`, `24h`, `7d`. Throws what commander says of a wrong argument. */
export function durationOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const duration = Number(count) * (UNITS[unit] ?? 0);
  if (!(duration > 0)) throw new InvalidArgumentError('expected a time such as 30m, 24h or 7d');
  return duration;
}
