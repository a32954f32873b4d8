import type { Context } from 'koa';

const FORM_TYPE = /^\s*(application\/x-www-form-urlencoded|multipart\/form-data)\s*(;|$)/i;
const LOOKS_LIKE_JSON = /^\s*[[{"]/;
const LOOKS_LIKE_FORM = /^\s*[\w.+%[\]-]+=/;

/** Bytes that are looked at. */
const BEGINNING = 200;

/**
 * What to tell somebody whose body is not the JSON that is meant, because it is a form; undefined when it does not look like one.
 * Programs type JSON as a form without thinking about it, so the type alone says nothing.
 */
export function formHint(ctx: Context, body: Buffer): string | undefined {
  const beginning = body.toString('latin1', 0, BEGINNING);
  if (LOOKS_LIKE_JSON.test(beginning)) return undefined;
  if (!FORM_TYPE.test(ctx.get('Content-Type')) && !LOOKS_LIKE_FORM.test(beginning)) return undefined;
  return 'it looks like a form, and JSON is meant here, as in {"name":"value"}';
}
