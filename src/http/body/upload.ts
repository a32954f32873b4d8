import type { IncomingMessage } from 'node:http';
import type { Context } from 'koa';
import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import type { Form } from './form.ts';

/** What a form with a file may have beside the content. */
const LIMITS = {
  fields: 20,
  fieldNameSize: 100,
  fieldSize: 4_096,
  files: 1,
  parts: 21,
  headerPairs: 32,
  headerSize: 8_192,
};

/** Most bytes of a form that are not the content. */
const AROUND = 131_072;

const MULTIPART = /^multipart\/form-data *;(?:.*;)? *boundary="?[^";\s]/i;

/** A file as a browser sends it. */
export interface SentFile {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

/** A form with a file, if one was chosen. */
export interface Upload {
  readonly form: Form;
  readonly file: SentFile | undefined;
}

/**
 * A reader for forms of browsers with one file of at most `limit` bytes, which is held in memory. Throws `InvalidInputError` (codes
 * `invalid_multipart`, `body_incomplete`) and `PayloadTooLargeError`.
 */
export function uploadReader(limit: number): (ctx: Context) => Promise<Upload> {
  return async ({ req }) => {
    try {
      return await read(req, limit);
    } catch (error) {
      // What is left of the body would stand before the next request of the connection.
      req.resume();
      throw error;
    }
  };
}

async function read(req: IncomingMessage, limit: number): Promise<Upload> {
  const parser = await parserOf(req.headers['content-type'] ?? '', limit);
  const fields = new Map<string, string>();
  let file: SentFile | undefined;
  let failure: Error | undefined;
  const finished = new Promise<void>(resolve => {
    const fail = (error: Error) => {
      failure ??= error;
      resolve();
    };
    parser.on('field', (name, value) => {
      if (!fields.has(name)) fields.set(name, value);
    });
    parser.on('file', (_field, stream, name, _coding, type) => {
      const pieces: Buffer[] = [];
      stream.on('error', () => {}); // the parser reports it as well
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('limit', () => fail(new PayloadTooLargeError(limit)));
      stream.on('end', () => {
        // An empty field for a file comes without a name.
        if (name) file = { name, type, content: Buffer.concat(pieces) };
      });
    });
    for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      parser.on(event, () => fail(invalid('the form has too many fields')));
    }
    parser.on('error', cause => fail(invalid('the form does not end as it must', cause)));
    parser.on('finish', resolve);
  });
  let bytes = 0;
  for await (const piece of bytesOf(req)) {
    bytes += piece.byteLength;
    if (bytes > limit + AROUND) throw new PayloadTooLargeError(limit);
    parser.write(piece);
    if (failure) throw failure;
  }
  parser.end();
  await finished;
  if (failure) throw failure;
  return { form: fields, file };
}

async function* bytesOf(req: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    // To destroy the request would be to close the connection, and there is an answer to be sent.
    yield* req.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new InvalidInputError('the body was cut off', { code: 'body_incomplete', cause });
  }
}

async function parserOf(type: string, limit: number) {
  const { Busboy } = await import('@fastify/busboy');
  if (!MULTIPART.test(type)) throw invalid('the body must be multipart/form-data with a boundary');
  try {
    return new Busboy({ headers: { 'content-type': type }, limits: { ...LIMITS, fileSize: limit } });
  } catch (cause) {
    throw invalid('this boundary cannot be', cause);
  }
}

function invalid(message: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_multipart', cause });
}
