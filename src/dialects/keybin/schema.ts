import type { Context } from 'koa';
import { z } from 'zod';
import { InvalidInputError } from '../../base/errors.ts';
import { checkPassword } from '../../base/names.ts';
import type { JsonObject } from '../../http/body/body.ts';
import { shape } from '../../http/body/shape.ts';

/** Most keys on one page. */
const MAX_LIMIT = 1000;

const text = z.string({ error: 'expected a string' });
/** Name and password of an account. */
export const credentials = z.object({ username: text, password: text });
/** A password and the one that takes its place. */
export const passwordChange = z.object({ username: text, password: text, new_password: text });
/** For which client of an account a token is asked. */
export const tokenRequest = z.object({ username: text, password: text, client_id: text.nullish() });

/** `username` and `password`. Throws `InvalidInputError`. */
export function readCredentials(body: JsonObject) {
  return shape(credentials, body);
}

/** `username`, `password` and a `new_password` that an account can have. Throws `InvalidInputError`. */
export function readPasswordChange(body: JsonObject) {
  const given = shape(passwordChange, body);
  checkPassword(given.new_password, 'new_password');
  return given;
}

/** `username`, `password` and, if it is there, `client_id`. Throws `InvalidInputError`. */
export function readTokenRequest(body: JsonObject) {
  return shape(tokenRequest, body);
}

/** `value`: anything but nothing. Throws `InvalidInputError` (code `value_missing`). */
export function readValue(body: JsonObject): unknown {
  if (Object.hasOwn(body, 'value')) return body.value;
  throw new InvalidInputError('value: it is missing; expected in the body, as in {"value": "hello"}', {
    code: 'value_missing',
  });
}

/** The error for a value that nests too deep or holds too much. */
export function valueInvalid(message: string): InvalidInputError {
  return new InvalidInputError(message, { code: 'value_invalid' });
}

/** Which keys a listing is about; without `limit` all of them. */
export interface KeysQuery {
  readonly prefix: string;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `?prefix=&limit=&cursor=`, each at most once. Throws `InvalidInputError`. */
export function readKeysQuery(ctx: Context): KeysQuery {
  const prefix = single(ctx, 'prefix') ?? '';
  const limit = single(ctx, 'limit');
  const cursor = single(ctx, 'cursor');
  return {
    prefix,
    ...(limit === undefined ? {} : { limit: readLimit(limit) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

function readLimit(digits: string): number {
  const limit = /^\d{1,4}$/.test(digits) ? Number(digits) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidInputError(`limit: expected an integer from 1 to ${MAX_LIMIT}`, { code: 'limit_invalid' });
}

function single(ctx: Context, name: string): string | undefined {
  const value = ctx.query[name];
  if (!Array.isArray(value)) return value;
  throw new InvalidInputError(`${name}: expected once`, { code: `${name}_invalid` });
}
