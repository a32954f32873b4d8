/** What a request says of a value beside its bytes. */

import type { Context } from 'koa';
import { z } from 'zod';
import { InvalidInputError } from '../../../base/errors.ts';
import { LONGEST_TTL } from '../../../core/entries/filtered.ts';
import { type Conditions, readConditions } from '../../../core/entries/raw/conditions.ts';
import type { Said } from '../../../core/entries/raw/form.ts';
import { readInput } from '../input.ts';
import { META } from './info.ts';

/** Bytes of all names and values of metadata together. */
const MOST_META = 1024;

const PRINTABLE = /^[\x20-\x7e]*$/;
const TYPE = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;

/** RFC 3339, section 5.6. */
const MOMENT = /^\d{4}-\d\d-\d\d[Tt ](?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

export const ttlSchema = z
  .int({ error: 'expected whole seconds' })
  .min(1, { error: 'expected at least 1 second' })
  .max(LONGEST_TTL, { error: `expected at most ten years: ${LONGEST_TTL} seconds` });

export const expirySchema = z.object({
  ttl: z
    .string({ error: 'expected once' })
    .regex(/^\d{1,9}$/, { error: `expected whole seconds from 1 to ${LONGEST_TTL}` })
    .transform(Number)
    .pipe(ttlSchema)
    .optional(),
  expires_at: z
    .string({ error: 'expected once' })
    .regex(MOMENT, { error: 'expected a moment as in 2030-01-31T12:00:00Z' })
    .optional(),
});

/** `If-Match` and `If-None-Match`. Throws `InvalidInputError` (codes `if_match_invalid`, `if_none_match_invalid`). */
export function conditionsOf({ req: { headers } }: Context): Conditions {
  return readConditions({ if_match: headers['if-match'], if_none_match: headers['if-none-match'] });
}

/**
 * When the value is to end, by `?ttl=` or `?expires_at=`; undefined: never. Throws `InvalidInputError` (codes `ttl_invalid`,
 * `expires_at_invalid`, `field_unknown`).
 */
export function expiryOf(ctx: Context, now: number): Date | undefined {
  const { ttl, expires_at } = readInput(expirySchema, ctx.query);
  if (ttl !== undefined && expires_at !== undefined)
    throw invalid('expires_at', 'expected without ttl: only one of them can be');
  if (ttl !== undefined) return new Date(now + ttl * 1000);
  if (expires_at === undefined) return undefined;
  const moment = Date.parse(expires_at.toUpperCase());
  if (Number.isNaN(moment) || !isDay(expires_at.slice(0, 10))) throw invalid('expires_at', 'there is no such moment');
  if (moment <= now) throw invalid('expires_at', 'expected a moment to come');
  if (moment > now + LONGEST_TTL * 1000) throw invalid('expires_at', 'expected a moment within ten years');
  return new Date(moment);
}

/** Whether the calendar has the day: `Date` takes the 30th of February for the 2nd of March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/** Type and coding of the body, as they are kept. Throws `InvalidInputError` (codes `content_type_invalid`, `encoding_invalid`). */
export function saidOf({ req: { headers } }: Context): Said {
  const contentType = headers['content-type'] || 'application/octet-stream';
  if (!TYPE.test(contentType)) throw invalid('content_type', 'expected at most 255 printable ASCII characters');
  const contentEncoding = headers['content-encoding'];
  if (contentEncoding === undefined) return { contentType };
  if (!TYPE.test(contentEncoding)) {
    throw new InvalidInputError('Content-Encoding: expected at most 255 printable ASCII characters', {
      code: 'encoding_invalid',
    });
  }
  return { contentType, contentEncoding };
}

/**
 * `Keybin-Meta-*` as a JSON object by lower-case names; undefined: there is none. Throws `InvalidInputError` (codes
 * `meta_invalid`, `meta_too_large`).
 */
export function metaSent({ req: { headers } }: Context): string | undefined {
  const meta = Object.entries(headers)
    .filter(([name]) => name.startsWith(META))
    .map(([name, value]) => [name.slice(META.length), String(value)] as const);
  return metaText(Object.fromEntries(meta));
}

/** Metadata as an entry has it: a JSON object of texts. Throws as `metaSent`. */
export function metaText(meta: Readonly<Record<string, string>>): string | undefined {
  const members = Object.entries(meta);
  if (members.length === 0) return undefined;
  let bytes = 0;
  for (const [name, value] of members) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) throw invalid('meta', 'expected names that headers can have');
    if (!PRINTABLE.test(value)) throw invalid('meta', 'expected values of printable ASCII characters');
    bytes += name.length + value.length;
  }
  if (bytes > MOST_META) {
    throw new InvalidInputError(`meta: names and values have ${bytes} bytes together, at most ${MOST_META} are taken`, {
      code: 'meta_too_large',
    });
  }
  return JSON.stringify(meta);
}

function invalid(field: string, message: string): InvalidInputError {
  return new InvalidInputError(`${field}: ${message}`, { code: `${field}_invalid` });
}
