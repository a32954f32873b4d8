/** Values that are counted in (v2.md, section 2). */

import { ConflictError } from '../../../base/errors.ts';
import type { EntryDoc } from '../../collections.ts';
import type { Content, Moment } from '../change/steps.ts';
import { bytesOf, contentOf } from '../content.ts';
import { formSaid, heldAs } from './form.ts';
import { heldBy } from './representation.ts';

/** A JSON integer as it is written canonically. */
const INTEGER = /^(?:0|-?[1-9]\d{0,29})$/;
/** Characters of the longest that is looked at. */
const LONGEST = 31;

/** How to count. */
export interface Count {
  readonly by: number;
  /** What an absent key counts from. */
  readonly initial: number;
  /** Seconds, for a key that was absent; absent: for ever. */
  readonly ttl?: number | undefined;
}

/**
 * What a key holds when so much was added, and the sum. Throws `ConflictError` (codes `not_an_integer`, `out_of_range`: beyond
 * ±(2^53 - 1)).
 */
export function counted(
  before: EntryDoc | undefined,
  { by, initial, ttl }: Count,
  { now }: Pick<Moment, 'now'>,
): { readonly content: Content; readonly sum: number } {
  const sum = (before === undefined ? initial : integerIn(before)) + by;
  if (!Number.isSafeInteger(sum)) {
    throw new ConflictError('the sum would be beyond what JSON integers are exact for: ±(2^53 - 1)', {
      code: 'out_of_range',
    });
  }
  const bytes = Buffer.from(String(sum));
  const expires_at = before === undefined ? ttl && new Date(now.getTime() + ttl * 1000) : before.expires_at;
  const { content_type, meta } = before === undefined ? {} : heldBy(before);
  const content: Content = {
    // It stays of its type.
    ...heldAs(bytes, formSaid({ contentType: content_type ?? 'application/json' })),
    size: bytes.byteLength,
    ...(content_type !== undefined && { content_type }),
    ...(meta !== undefined && { meta }),
    ...(expires_at && { expires_at }),
  };
  return { content, sum };
}

/** Texts of the original API are no numbers, whatever is in them. */
function integerIn(entry: EntryDoc): number {
  const content = contentOf(entry);
  const isText = content.kind === 'text' && entry.content_type === undefined;
  const isShort = content.kind !== 'long' && !isText && entry.content_encoding === undefined;
  const text = isShort ? bytesOf(content).toString('latin1', 0, LONGEST + 1) : '';
  if (!INTEGER.test(text)) {
    throw new ConflictError('the value is not a JSON integer as in 5 or -3', { code: 'not_an_integer' });
  }
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw new ConflictError('the value is beyond what JSON integers are exact for: ±(2^53 - 1)', {
    code: 'out_of_range',
  });
}
