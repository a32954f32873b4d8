/** What the address of the page of punches asks for. */

import type { ParsedUrlQuery } from 'node:querystring';
import type { AskedPeriod } from '../../calendar/period.ts';

/** A period and a project; `after` is where a page of the list begins. */
export interface Asked extends AskedPeriod {
  readonly project?: string | undefined;
  readonly after?: string | undefined;
}

const NAMES = ['view', 'date', 'from', 'to', 'project', 'after'] as const;
const LONGEST = 1000;

/** What is asked for; what is empty, comes twice, or is too long, is not there. */
export function readAsked(query: ParsedUrlQuery): Asked {
  const given = NAMES.map(name => [name, query[name]] as const);
  return Object.fromEntries(given.filter(([, value]) => isText(value)));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST && !value.includes('\0');
}

/** The same as the end of an address, with its question mark. */
export function writeAsked(asked: Asked): string {
  const query = new URLSearchParams();
  for (const name of NAMES) {
    const value = asked[name];
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? '' : `?${query}`;
}

/** Where somebody came from, as a form brings it along: nothing else leads back. */
export function backTo(text: string, done?: string): string {
  const asked = readAsked(Object.fromEntries(new URLSearchParams(text.slice(0, 4000))));
  const query = writeAsked(asked);
  if (done === undefined) return `/punches${query}`;
  return `/punches${query}${query === '' ? '?' : '&'}done=${done}`;
}
