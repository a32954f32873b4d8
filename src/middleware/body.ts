import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import bodyParser from 'koa-bodyparser';
import { InvalidInputError, PayloadTooLargeError } from '../errors.ts';

/** A JSON object as it came: nothing about its members is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the body of a request as a JSON object. */
export type ReadObject = (ctx: Context) => Promise<JsonObject>;

/**
 * A reader for JSON objects of at most `limit` bytes. With `optional` an empty body stands for `{}`. Throws as `jsonReader`
 * does, and `InvalidInputError` (code `json_invalid`) for JSON that is no object.
 */
export function objectReader(limit: number, { optional = false } = {}): ReadObject {
  const read = jsonReader(limit, { optional });
  return async ctx => {
    const value = await read(ctx);
    return value === undefined ? {} : asObject(value);
  };
}

/** The same value. Throws `InvalidInputError` (code `json_invalid`) unless it is an object. */
export function asObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError('the body must be a JSON object', { code: 'json_invalid' });
  }
  return value as JsonObject;
}

/**
 * A reader for JSON of at most `limit` bytes. It is called by the route after the credential was checked. The content type
 * does not matter. With `optional` an empty body is undefined. Throws `InvalidInputError` (codes `body_required`,
 * `body_incomplete`, `json_invalid`, `encoding_invalid`) and `PayloadTooLargeError`.
 */
export function jsonReader(limit: number, { optional = false } = {}): (ctx: Context) => Promise<unknown> {
  const read = textReader(limit);
  return async ctx => {
    const text = await read(ctx);
    return text === '' && optional ? undefined : parse(text);
  };
}

/** JSON together with its source, which tells `1.0` from `1`. */
export interface SourcedJson {
  readonly source: string;
  readonly value: unknown;
}

/** A reader as `jsonReader`, that gives the source too. */
export function sourcedJsonReader(limit: number): (ctx: Context) => Promise<SourcedJson> {
  const read = textReader(limit);
  return async ctx => {
    const source = await read(ctx);
    return { source, value: parse(source) };
  };
}

/**
 * A reader for text of at most `limit` bytes, whatever the content type says; an empty body is the empty text. Throws
 * `InvalidInputError` (codes `body_incomplete`, `encoding_invalid`) and `PayloadTooLargeError`.
 */
export function textReader(limit: number): (ctx: Context) => Promise<string> {
  // Bytes are asked for, not text: decoding would replace what is not UTF-8 silently.
  const options = { enableTypes: ['text'], extendTypes: { text: ['*/*'] }, textLimit: `${limit}b`, encoding: null };
  const read = bodyParser(options as unknown as bodyParser.Options);
  return async ctx => {
    const { headers } = ctx.req;
    const type = headers['content-type'];
    // The parser skips what has no content type, or one that is not well formed; here none of them means anything.
    headers['content-type'] = 'text/plain';
    try {
      await read(ctx as never, async () => {});
    } catch (error) {
      // The parser stops reading, and what is left of the body would stand before the next request of the connection.
      ctx.req.unpipe();
      ctx.req.resume();
      throw refusal(error, limit);
    } finally {
      headers['content-type'] = type;
    }
    const bytes: unknown = ctx.request.rawBody;
    if (!(bytes instanceof Uint8Array)) return '';
    if (!isUtf8(bytes)) throw new InvalidInputError('the body is not valid UTF-8', { code: 'encoding_invalid' });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  };
}

function parse(text: string): unknown {
  if (text === '') {
    throw new InvalidInputError('JSON is expected as the body, and the body is empty', { code: 'body_required' });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidInputError('the body is not valid JSON', { code: 'json_invalid' });
  }
}

/** What the parser throws, as an error of ours; its own may quote the body. */
function refusal(error: unknown, limit: number): unknown {
  const { status, type, code } = error as { status?: number; type?: string; code?: string };
  if (status === 413) return new PayloadTooLargeError(limit);
  // Not readable: the client hung up before the reading began, while the credential was checked.
  if (type === 'request.aborted' || type === 'stream.not.readable')
    return new InvalidInputError('the body was cut off', { code: 'body_incomplete' });
  if (status === 415) return new InvalidInputError('this Content-Encoding is not taken', { code: 'encoding_invalid' });
  // zlib's errors, and Brotli's.
  if (code?.startsWith('Z_') || code?.startsWith('ERR__'))
    return new InvalidInputError('the compressed body is damaged', { code: 'encoding_invalid' });
  if (status === 400)
    return new InvalidInputError('the body does not have the announced length', { code: 'body_incomplete' });
  return error;
}
