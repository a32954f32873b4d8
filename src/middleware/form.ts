import type { Context } from 'koa';
import { textReader } from './body.ts';

/** The fields of a form by their names. */
export type Form = ReadonlyMap<string, string>;

/** Whether the body is said to be a form as browsers send it (`application/x-www-form-urlencoded`). */
export function isForm(ctx: Context): boolean {
  const [type = ''] = ctx.get('Content-Type').split(';');
  return type.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

/**
 * A reader for such forms of at most `limit` bytes; of a field that comes more than once the first value counts. The content
 * type does not matter: the route looks at it. Throws `InvalidInputError` (codes `body_incomplete`, `encoding_invalid`) and
 * `PayloadTooLargeError`.
 */
export function formReader(limit: number): (ctx: Context) => Promise<Form> {
  const read = textReader(limit);
  return async ctx => fieldsOfForm(await read(ctx));
}

/** The fields in the text of such a form. */
export function fieldsOfForm(text: string): Form {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!fields.has(name)) fields.set(name, value);
  }
  return fields;
}
