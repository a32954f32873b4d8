import type { Context } from 'koa';
import { z } from 'zod';
import { queryOf } from '../query.ts';

/** Seconds that a request waits at most: more is taken as this. */
const LONGEST_WAIT = 60;

const count = z.string().regex(/^\d{1,6}$/, 'expected an integer');

/** What is asked for of the changes. */
export const changesQuery = z.strictObject({
  prefix: z.string().max(1024).optional().describe('Only keys that begin so.'),
  since: z.string().optional().describe('The `cursor` of the answer before; without it the answer is the present one.'),
  limit: count
    .transform(Number)
    .refine(limit => limit >= 1 && limit <= 1000, 'expected an integer from 1 to 1000')
    .optional()
    .describe('Most changes of one answer: 1 to 1000, without it 100.'),
  wait: z
    .string()
    .regex(/^\d{1,6}s?$/, 'expected seconds, such as 30s; at most 60s')
    .transform(text => Math.min(Number.parseInt(text, 10), LONGEST_WAIT))
    .optional()
    .describe('Seconds for which an empty answer is held back until something happens: `30s`, at most `60s`.'),
});

/** A query that was read. `wait` is in milliseconds. */
export interface ChangesQuery {
  readonly prefix: string;
  readonly since: string | undefined;
  readonly limit: number;
  readonly wait: number;
}

/** Throws `InvalidInputError` (codes `field_unknown`, `<field>_invalid`). */
export function readChangesQuery(ctx: Context): ChangesQuery {
  const { prefix = '', since, limit = 100, wait = 0 } = queryOf(ctx, changesQuery);
  return { prefix, since, limit, wait: wait * 1000 };
}
