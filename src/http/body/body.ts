import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import type bodyParser from 'koa-bodyparser';
import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import type { JsonLimits } from '../../base/json/outline.ts';
import { parseJson } from '../../base/json/parse.ts';
import type { TextOf } from '../../base/json/text.ts';
import { decoderOf } from './coding.ts';
import { formHint } from './form-hint.ts';
import { isLong, longBytes } from './long.ts';

/** How much a body may be: `bytes` as it is sent, and again as many when a content coding was undone. */
export interface BodyLimits extends JsonLimits {
  readonly bytes: number;
}

/**
 * Of a body that holds the credential itself. It is decoded and parsed for strangers: that is why it is small. Other routes look
 * at the credential first.
 */
export const CREDENTIAL_BODY: BodyLimits = { bytes: 16_384, depth: 100, values: 1_000 };

/** A JSON object as it came: nothing about its members is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the body of a request as a JSON object. */
export type ReadObject = (ctx: Context) => Promise<JsonObject>;

/**
 * A reader for JSON objects. With `optional` an empty body stands for `{}`. Throws as `jsonReader` does, and `InvalidInputError`
 * (code `json_invalid`) for JSON that is no object.
 */
export function objectReader(limits: BodyLimits, { optional = false } = {}): ReadObject {
  const read = jsonReader(limits, { optional });
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
 * A reader for JSON. It is called by the route after the credential was checked. The content type does not matter. With
 * `optional` an empty body is undefined. Throws `InvalidInputError` (codes `body_required`, `body_incomplete`, `json_invalid`,
 * `encoding_invalid`), `PayloadTooLargeError`, and what the limits say for what exceeds them.
 */
export function jsonReader(limits: BodyLimits, { optional = false } = {}): (ctx: Context) => Promise<unknown> {
  const read = bytesReader(limits.bytes);
  return async ctx => {
    const bytes = await read(ctx);
    return bytes.length === 0 && optional ? undefined : jsonOf(ctx, bytes, limits);
  };
}

/** JSON together with its source, which tells `1.0` from `1`. */
export interface SourcedJson {
  readonly source: string;
  readonly value: unknown;
}

/** A reader as `jsonReader`, that gives the source too. */
export function sourcedJsonReader(limits: BodyLimits): (ctx: Context) => Promise<SourcedJson> {
  const read = bytesReader(limits.bytes);
  return async ctx => {
    const bytes = await read(ctx);
    const value = await jsonOf(ctx, bytes, limits);
    return { source: bytes.toString(), value };
  };
}

/**
 * A reader for text of at most `limit` bytes, whatever the content type says; an empty body is the empty text. Throws
 * `InvalidInputError` (codes `body_incomplete`, `encoding_invalid`) and `PayloadTooLargeError`.
 */
export function textReader(limit: number): (ctx: Context) => Promise<string> {
  const read = bytesReader(limit);
  return async ctx => (await read(ctx)).toString();
}

/** The JSON value of what was read already. `textOf` as in {@link parseJson}. Throws as `jsonReader` does. */
export async function jsonOf(ctx: Context, bytes: Buffer, limits: JsonLimits, textOf?: TextOf): Promise<unknown> {
  if (bytes.length === 0) {
    throw new InvalidInputError('JSON is expected as the body, and the body is empty', { code: 'body_required' });
  }
  try {
    return await parseJson(bytes, limits, undefined, textOf);
  } catch (error) {
    const hint = formHint(ctx, bytes);
    if (hint === undefined || !(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(`${error.message}: ${hint}`, { code: error.code });
  }
}

type Parser = ReturnType<typeof bodyParser>;

/**
 * A reader for a body that is UTF-8, without the byte order mark that some programs begin it with. Throws as `textReader` does.
 */
export function bytesReader(limit: number): (ctx: Context) => Promise<Buffer> {
  // Bytes are asked for, not text: decoding would replace what is not UTF-8 silently.
  const options = { enableTypes: ['text'], extendTypes: { text: ['*/*'] }, textLimit: `${limit}b`, encoding: null };
  let parse: Parser | undefined;
  return async ctx => {
    const decode = decoderOf(ctx.req);
    // Loaded by the first body: its packages take 4 MB.
    parse ??= (await import('koa-bodyparser')).default(options as unknown as bodyParser.Options);
    const sent = isLong(ctx.req, limit) ? await longBytes(ctx.req, limit) : await sentBytes(ctx, parse, limit);
    const bytes = decode && sent.length > 0 ? await decode(sent, limit) : sent;
    if (!isUtf8(bytes)) throw new InvalidInputError('the body is not valid UTF-8', { code: 'encoding_invalid' });
    const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return Buffer.from(bytes.buffer, bytes.byteOffset + (marked ? 3 : 0), bytes.byteLength - (marked ? 3 : 0));
  };
}

/** The bytes of the body as they came. */
async function sentBytes(ctx: Context, parse: Parser, limit: number): Promise<Uint8Array> {
  const { headers } = ctx.req;
  const { 'content-type': type, 'content-encoding': coding } = headers;
  // The parser skips what has no content type, or one that is not well formed; here none of them means anything.
  headers['content-type'] = 'text/plain';
  // It would undo a coding with a stream whose errors nobody hears once it has given up, and they end the process.
  headers['content-encoding'] = 'identity';
  try {
    await parse(ctx as never, async () => {});
  } catch (error) {
    // The parser stops reading, and what is left of the body would stand before the next request of the connection.
    ctx.req.unpipe();
    ctx.req.resume();
    throw refusal(error, limit);
  } finally {
    headers['content-type'] = type;
    headers['content-encoding'] = coding;
  }
  const bytes: unknown = ctx.request.rawBody;
  return bytes instanceof Uint8Array ? bytes : new Uint8Array();
}

/** What the parser throws, as an error of ours; its own may quote the body. */
function refusal(error: unknown, limit: number): unknown {
  const { status, type } = error as { status?: number; type?: string };
  if (status === 413) return new PayloadTooLargeError(limit);
  // Not readable: the client hung up before the reading began, while the credential was checked.
  if (type === 'request.aborted' || type === 'stream.not.readable')
    return new InvalidInputError('the body was cut off', { code: 'body_incomplete' });
  if (status === 400)
    return new InvalidInputError('the body does not have the announced length', { code: 'body_incomplete' });
  return error;
}
