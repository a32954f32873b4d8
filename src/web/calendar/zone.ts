/** Zones of time: what the clock on the wall shows at a moment. */

import type { Context } from 'koa';
import { readCookie } from '../../http/browser/cookies.ts';

/** Where the script of the pages remembers the zone of the browser. */
const COOKIE = 'zone';

const NAME = /^[A-Za-z][\w+-]{0,31}(?:\/[\w+-]{1,32}){0,2}$/;
const OFFSET = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/;
export const DAY_MS = 86_400_000;

/** Zones that are remembered: to make a format takes longer than to write a page. */
const MOST = 100;

/**
 * A zone. A time on the wall is the number of milliseconds since 1970-01-01 00:00 on that wall, so that days are
 * counted, and texts made, as those of UTC.
 */
export interface Zone {
  readonly name: string;
  wall(moment: number): number;
  /** Of a time that comes twice the first moment; of one that is skipped, what it would have been before the change. */
  moment(wall: number): number;
}

const UTC: Zone = { name: 'UTC', wall: moment => moment, moment: wall => wall };
const known = new Map<string, Zone>([['UTC', UTC]]);

/** The zone of whoever sends the request, as far as the browser told it; else UTC. */
export function zoneOf(ctx: Context): Zone {
  return zoneNamed(readCookie(ctx, COOKIE)) ?? UTC;
}

/** The zone of this name, if there is one. */
export function zoneNamed(name: string | undefined): Zone | undefined {
  if (name === undefined || !NAME.test(name)) return undefined;
  const found = known.get(name) ?? zoneFor(name);
  if (found === undefined) return undefined;
  if (known.size >= MOST) known.clear();
  known.set(name, found);
  return found;
}

function zoneFor(timeZone: string): Zone | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    return undefined;
  }
  const { timeZone: name } = format.resolvedOptions();
  if (name === 'UTC') return UTC;
  const offset = (moment: number) => {
    if (!(Math.abs(moment) <= 8_640_000_000_000_000)) return 0;
    const [, sign, hours, minutes, seconds] = OFFSET.exec(format.format(moment)) ?? [];
    const total = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
    return (sign === '-' ? -total : total) * 1000;
  };
  return {
    name,
    wall: moment => moment + offset(moment),
    moment(wall) {
      const [before, after] = [offset(wall - DAY_MS), offset(wall + DAY_MS)];
      const early = wall - before;
      if (before === after || offset(early) === before) return early;
      const late = wall - after;
      return offset(late) === after ? late : early;
    },
  };
}
