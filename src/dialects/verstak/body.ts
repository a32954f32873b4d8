import type { Context } from 'koa';
import { z } from 'zod';
import type { JsonLimits } from '../../base/json/outline.ts';
import { TrailingJsonError } from '../../base/json/parse.ts';
import { type BodyLimits, bytesReader, type JsonObject, jsonOf } from '../../http/body/body.ts';
import { fieldsOfForm, isForm } from '../../http/body/form.ts';
import { reasonOf } from '../../http/body/shape.ts';
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
 * A reader for bodies within limits. The content type does not matter; unknown fields are left out. Throws `InvalidInputError`
 * (codes `invalid_json`, `trailing_json` and those of `bytesReader`), `PayloadTooLargeError`.
 */
export function fieldsReader(limits: BodyLimits): ReadFields {
  const read = bytesReader(limits.bytes);
  return async (ctx, schema) => typed(schema, await objectOf(ctx, await read(ctx), limits));
}

/** Reads what may be a form as well, and says which it was. */
export type ReadFieldsOrForm = <T>(ctx: Context, schema: z.ZodType<T>) => Promise<{ fields: T; form: boolean }>;

/**
 * As `fieldsReader`, for routes that take a form too: what is typed as one and does not begin like JSON, since programs type
 * JSON as a form without thinking about it.
 */
export function fieldsOrFormReader(limits: BodyLimits): ReadFieldsOrForm {
  const read = bytesReader(limits.bytes);
  return async (ctx, schema) => {
    const bytes = await read(ctx);
    const source = bytes.toString();
    const form = isForm(ctx) && !/^\s*\{/.test(source);
    const fields = form ? Object.fromEntries(fieldsOfForm(source)) : await objectOf(ctx, bytes, limits);
    return { fields: typed(schema, fields), form };
  };
}

/** What was read already, with its types. Throws `InvalidInputError` (code `invalid_json`). */
export function typed<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidJson(reasonOf(result.error, input));
}

async function objectOf(ctx: Context, bytes: Buffer, limits: JsonLimits): Promise<JsonObject> {
  const value = await jsonOf(ctx, bytes, limits).catch(error => {
    throw error instanceof TrailingJsonError ? trailingJson() : error;
  });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidJson('expected a JSON object');
  return value as JsonObject;
}
