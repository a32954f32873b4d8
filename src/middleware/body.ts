import { isUtf8 } from 'node:buffer';
import type { Context } from 'koa';
import bodyParser from 'koa-bodyparser';
import { InvalidInputError, PayloadTooLargeError } from '../errors.ts';

/** A JSON object as it came: nothing about its members is known. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the body of a request as a JSON object. */
export type ReadObject = (ctx: Context) => Promise<JsonObject>;

/**
 * A reader for bodies of at most `limit` bytes. It is called by the route after the credential was checked. The content type
 * does not matter: what begins with `{` is read as JSON. With `optional` an empty body stands for `{}`. Throws
 * `InvalidInputError` (codes `body_required`, `json_invalid`, `encoding_invalid`) and `PayloadTooLargeError`.
 */
export function objectReader(limit: number, { optional = false } = {}): ReadObject {
  // Bytes are asked for, not text: decoding would replace what is not UTF-8 silently.
  const options = { enableTypes: ['text'], extendTypes: { text: ['*/*'] }, textLimit: `${limit}b`, encoding: null };
  const read = bodyParser(options as unknown as bodyParser.Options);
  return async ctx => {
    // The parser skips what has no content type, or one that is not well formed; here none of them means anything.
    ctx.req.headers['content-type'] = 'text/plain';
    try {
      await read(ctx as never, async () => {});
    } catch (error) {
      throw refusal(error, limit);
    }
    const bytes: unknown = ctx.request.rawBody;
    if (!(bytes instanceof Uint8Array) || bytes.byteLength === 0) {
      if (optional) return {};
      throw new InvalidInputError('a JSON object is expected as the body, and the body is empty', {
        code: 'body_required',
      });
    }
    return parseObject(bytes);
  };
}

function parseObject(bytes: Uint8Array): JsonObject {
  if (!isUtf8(bytes)) throw new InvalidInputError('the body is not valid UTF-8', { code: 'encoding_invalid' });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    throw new InvalidInputError('the body is not valid JSON', { code: 'json_invalid' });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError('the body must be a JSON object', { code: 'json_invalid' });
  }
  return value as JsonObject;
}

/** What the parser throws, as an error of ours; its own may quote the body. */
function refusal(error: unknown, limit: number): unknown {
  const { status, type, code } = error as { status?: number; type?: string; code?: string };
  if (status === 413) return new PayloadTooLargeError(limit);
  if (type === 'request.aborted') return new InvalidInputError('the body was cut off', { code: 'body_incomplete' });
  if (status === 415) return new InvalidInputError('this Content-Encoding is not taken', { code: 'encoding_invalid' });
  if (code?.startsWith('Z_'))
    return new InvalidInputError('the compressed body is damaged', { code: 'encoding_invalid' });
  if (status === 400)
    return new InvalidInputError('the body does not have the announced length', { code: 'body_incomplete' });
  return error;
}
