import type { Context } from 'koa';
import { z } from 'zod';
import { type JsonObject, textReader } from '../../middleware/body.ts';
import { fieldsOfForm, isForm } from '../../middleware/form.ts';
import { placeOf } from '../../middleware/shape.ts';
import { invalidJson, trailingJson } from './refusals.ts';

/** A text that may be missing: then it is empty. What UTF-8 cannot hold is refused. */
export const text = z
  .string()
  .refine(value => value.isWellFormed(), 'a lone surrogate is no character')
  .nullish()
  .transform(value => value ?? '');

/** A whole number that may be missing: then it is 0. */
export const whole = z
  .int()
  .nullish()
  .transform(value => value ?? 0);

/** Reads the body of a request as one JSON object and gives its fields their types. */
export type ReadFields = <T>(ctx: Context, schema: z.ZodType<T>) => Promise<T>;

/**
 * A reader for bodies of at most `limit` bytes. The content type does not matter; unknown fields are left out. Throws
 * `InvalidInputError` (codes `invalid_json`, `trailing_json` and those of `textReader`), `PayloadTooLargeError`.
 */
export function fieldsReader(limit: number): ReadFields {
  const read = textReader(limit);
  return async (ctx, schema) => typed(schema, parse(await read(ctx)));
}

/** Reads what may be a form as well, and says which it was. */
export type ReadFieldsOrForm = <T>(ctx: Context, schema: z.ZodType<T>) => Promise<{ fields: T; form: boolean }>;

/**
 * As `fieldsReader`, for routes that take a form too: what is typed as one and does not begin like JSON, since programs type
 * JSON as a form without thinking about it.
 */
export function fieldsOrFormReader(limit: number): ReadFieldsOrForm {
  const read = textReader(limit);
  return async (ctx, schema) => {
    const source = await read(ctx);
    const form = isForm(ctx) && !/^\s*\{/.test(source);
    return { fields: typed(schema, form ? Object.fromEntries(fieldsOfForm(source)) : parse(source)), form };
  };
}

/** What was read already, with its types. Throws `InvalidInputError` (code `invalid_json`). */
export function typed<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidJson(`${placeOf(issue?.path ?? [])}: ${issue?.message ?? 'not valid'}`);
}

function parse(source: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw isFollowed(source) ? trailingJson() : invalidJson('the body is not valid JSON', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidJson('expected a JSON object');
  return value as JsonObject;
}

/** Whether a whole JSON object stands at the beginning, so that what makes the text invalid comes after it. */
function isFollowed(source: string): boolean {
  const end = endOfObject(source);
  if (end === undefined) return false;
  try {
    JSON.parse(source.slice(0, end));
    return true;
  } catch {
    return false;
  }
}

/** Where the object that the text begins with is closed. Goes over the text once: it may be made to be slow. */
function endOfObject(source: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = Math.max(0, source.search(/\S/)); at < source.length; at++) {
    const character = source[at];
    if (quoted) {
      if (character === '\\') at++;
      else if (character === '"') quoted = false;
      continue;
    }
    if (character === '"') quoted = true;
    else if (character === '{') depth++;
    else if (character === '}') depth--;
    if (depth === 0) return character === '}' ? at + 1 : undefined;
  }
  return undefined;
}
