import type { IncomingMessage } from 'node:http';
import { InvalidInputError } from '../../../base/errors.ts';

/** What a form may have: one part, with few headers of this many bytes together. */
const LIMITS = { parts: 1, headerPairs: 32, headerSize: 8_192 };

/**
 * Bytes that the parser may hold: without a limit, because it gets one piece of the body at a time. Where it has to wait, it
 * goes on waiting when a form ends in the same piece.
 */
const NO_LIMIT = 2 ** 30;

/** Most bytes of a form that are not the content. The parser may hold back some of that, and gives it with what follows. */
const MOST_AROUND = 262_144;

/** A type with a boundary that is not empty. */
const MULTIPART = /^multipart\/form-data *;(?:.*;)? *boundary="?[^";\s]/i;

/**
 * The content of a form that is exactly one part `file` with a filename, read no faster than it is asked for. It ends when the
 * whole form is here and is as it must be; else throws `InvalidInputError` (code `invalid_multipart`) instead of ending. What
 * of the body was not read by then is left to the caller.
 */
export async function* onlyFile(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  const form = new Form(await parserOf(req.headers['content-type'] ?? ''));
  let around = 0;
  for await (const piece of bytesOf(req)) {
    await form.write(piece);
    around += piece.byteLength;
    for (const taken of form.taken()) {
      around -= taken.byteLength;
      yield taken;
    }
    if (around > MOST_AROUND) throw invalid('there is too much around the file');
  }
  await form.end();
  yield* form.taken();
}

async function* bytesOf(req: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    // To destroy the request would be to close the connection, and there is an answer to be sent.
    yield* req.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw invalid('the upload was broken off', cause);
  }
}

/** A form that is being parsed: each step is over once all that it brought can be taken. */
class Form {
  readonly #parser: Parser;
  #pieces: Uint8Array[] = [];
  #found = false;
  #finished = false;
  #failure: Error | undefined;
  /** Ends the step that is waited for. */
  #settle = () => {};

  constructor(parser: Parser) {
    this.#parser = parser;
    this.#parser.on('file', (name: string | undefined, content, filename: string | undefined) => {
      content.on('error', () => {}); // the parser reports it as well
      content.on('data', piece => this.#pieces.push(piece));
      if (name !== 'file') this.#fail('the part must have the name `file`');
      else if (!filename) this.#fail('the part needs a filename');
      else this.#found = true;
    });
    this.#parser.on('partsLimit', () => this.#fail('there must be no other part'));
    this.#parser.on('error', error => this.#fail('the form does not end as it must', error));
    // It may come before the end was announced: when the body goes on behind the form.
    this.#parser.on('finish', () => {
      this.#finished = true;
      this.#settle();
    });
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#step(done => this.#parser.write(piece, done));
  }

  async end(): Promise<void> {
    await this.#step(done => (this.#finished ? done() : this.#parser.end()));
    if (!this.#found) throw invalid('there is no part `file`');
  }

  /** What of the content was not taken yet. */
  taken(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #step(begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => (this.#failure ? reject(this.#failure) : resolve());
      this.#settle = settle;
      try {
        begin(settle);
      } catch (cause) {
        this.#fail('this is not a form', cause);
      }
      if (this.#failure) settle();
    });
  }

  #fail(message: string, cause?: unknown): void {
    this.#failure ??= invalid(message, cause);
    this.#settle();
  }
}

type Parser = Awaited<ReturnType<typeof parserOf>>;

/** Every part counts as a file: what is no file is refused by what it lacks. */
async function parserOf(contentType: string) {
  const { Busboy } = await import('@fastify/busboy');
  if (!MULTIPART.test(contentType)) throw invalid('the body must be multipart/form-data with a boundary');
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: LIMITS,
      isPartAFile: () => true,
      preservePath: true,
      highWaterMark: NO_LIMIT,
      fileHwm: NO_LIMIT,
    });
  } catch (cause) {
    throw invalid('this boundary cannot be', cause);
  }
}

function invalid(message: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(message, { code: 'invalid_multipart', cause });
}
