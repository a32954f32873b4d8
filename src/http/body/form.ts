import type { Context } from 'koa';
import { InvalidInputError } from '../../base/errors.ts';
import { textReader } from './body.ts';

/** Most fields of a form: far more than any of ours has. */
const MAX_FIELDS = 100;

/** The fields of a form by their names. */
export type Form = ReadonlyMap<string, string>;

/** Whether the body is said to be a form as browsers send it (`application/x-www-form-urlencoded`). */
export function isForm(ctx: Context): boolean {
  const [type = ''] = ctx.get('Content-Type').split(';');
  return type.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

/**
 * A reader for such forms of at most `limit` bytes; of a field that comes more than once the first value counts. The content
 * type does not matter: the route looks at it. Throws `InvalidInputError` (codes `body_incomplete`, `encoding_invalid`,
 * `form_invalid`) and `PayloadTooLargeError`.
 */
export function formReader(limit: number): (ctx: Context) => Promise<Form> {
  const read = textReader(limit);
  return async ctx => fieldsOfForm(await read(ctx));
}

/** The fields in the text of such a form. Throws `InvalidInputError` (code `form_invalid`) when there are too many. */
export function fieldsOfForm(text: string): Form {
  if (hasMore(text, MAX_FIELDS)) {
    throw new InvalidInputError(`the form has more than ${MAX_FIELDS} fields`, { code: 'form_invalid' });
  }
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}

/** Whether there are more than so many fields, counted before any of them is made. */
function hasMore(text: string, fields: number): boolean {
  let at = -1;
  for (let i = 0; i < fields; i++) {
    at = text.indexOf('&', at + 1);
    if (at < 0) return false;
  }
  return true;
}
