import type { Context } from 'koa';
import { PayloadTooLargeError, QuotaExceededError } from '../../../base/errors.ts';
import type { Web } from '../../context.ts';
import { type Problem, told } from '../../problems.ts';

/** The fields that errors about entries belong to. */
const FIELDS = {
  json_invalid: 'value',
  prefix_invalid: 'prefix',
  content_type_invalid: 'content_type',
  expires_invalid: 'expires',
  file_needed: 'file',
  invalid_multipart: 'file',
};

/** What went wrong with an entry; of limits it says how much there is and may be. Throws as `problemOf`. */
export function problemIn({ pages }: Web, ctx: Context, error: unknown, valueField = 'value'): Problem {
  const t = pages.t(ctx);
  const { size, number } = pages.format(ctx);
  const problem = told(ctx, error, t, { ...FIELDS, value_invalid: valueField });
  if (error instanceof PayloadTooLargeError) {
    return { ...problem, field: valueField, text: t('data.tooLarge', { limit: size(Number(error.details?.limit)) }) };
  }
  if (error instanceof QuotaExceededError) {
    const { unit, used, limit } = error.details as { unit: 'bytes' | 'keys'; used: number; limit: number };
    const as = unit === 'bytes' ? size : number;
    const text = t(unit === 'bytes' ? 'data.fullBytes' : 'data.fullKeys', { used: as(used), limit: as(limit) });
    return { ...problem, text };
  }
  return problem;
}
