/** What the address of a list asks for. What is unknown or nonsense counts as not given: a page is shown in any case. */

import type { Context } from 'koa';
import { FILTER_CHARACTERS, MOST_PER_PAGE, type PageQuery } from '../../../core/listing.ts';

const PER_PAGE = 25;

/** Longest `after`, in characters. */
const LONGEST = 1000;

type Filters = Readonly<Record<string, string | undefined>>;

/** What a list is asked for. */
export interface Asked extends PageQuery {
  /** The filter's text; of several the first, and no more of it than counts. */
  text(name: string): string;
  /** The filter's value, if it is one of these. */
  one<T extends string>(name: string, known: readonly T[]): T | undefined;
  /** Where a list that has no numbers of pages goes on. */
  readonly after: string | undefined;
  /** The address of what follows in such a list. */
  further(filters: Filters, after: string): string;
  /** The address of another page of the list with these filters. */
  link(filters: Filters): (page: number) => string;
}

/** Reads the query of the request. */
export function asked(ctx: Context): Asked {
  const text = (name: string) => ([ctx.query[name]].flat()[0] ?? '').trim().slice(0, FILTER_CHARACTERS);
  const perPage = Math.min(positive(text('per_page'), PER_PAGE), MOST_PER_PAGE);
  const addressOf = (filters: Filters, name: string, value: string) => {
    const kept = Object.entries({ ...filters, per_page: perPage === PER_PAGE ? '' : String(perPage) });
    const query = new URLSearchParams(kept.filter((pair): pair is [string, string] => Boolean(pair[1])));
    query.set(name, value);
    return `${ctx.path}?${query}`;
  };
  const [after = ''] = [ctx.query.after].flat();
  return {
    text,
    one: (name, known) => known.find(value => value === text(name)),
    page: positive(text('page'), 1),
    perPage,
    after: after === '' || after.length > LONGEST ? undefined : after,
    further: (filters, behind) => addressOf(filters, 'after', behind),
    link: filters => page => addressOf(filters, 'page', String(page)),
  };
}

function positive(text: string, otherwise: number): number {
  return /^0*[1-9]\d{0,8}$/.test(text) ? Number(text) : otherwise;
}
