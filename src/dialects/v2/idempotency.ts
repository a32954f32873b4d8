/** `Idempotency-Key`: a request that comes again gets the answer that it got (v2.md, section 6). */

import type { Context } from 'koa';
import { DuplicateKeyError, InvalidInputError } from '../../base/errors.ts';
import type { TokenCaller } from '../../core/access/callers.ts';
import type { Core } from '../../core/context.ts';
import {
  answerOf,
  demandIdempotency,
  isAnswered,
  type KeptAnswer,
  type OnceRequest,
  onceRequest,
  recordOf,
} from '../../core/entries/idempotency.ts';
import { sha256Hex } from '../../core/ids.ts';
import { answerJson } from '../../http/answer.ts';
import type { Write } from '../../storage/port.ts';

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Headers that make another request of the same method, path and body. */
const MATTERS = /^(?:content-type|content-encoding|if-match|if-none-match|keybin-meta-.*)$/;

/** The record of an answer, for `also` of the change that it is the answer to; undefined: none is to be kept. */
export type Record = (answer: KeptAnswer) => Write | undefined;

/** A request as its `Idempotency-Key` has it. */
export interface Idempotency {
  /** Whether it was answered already: then only the SHA-256 of the body is of interest. */
  answered(): Promise<boolean>;
  /**
   * Answers the request, by what `work` gives or as it was answered before. `bodyHash` is the lower-case hex SHA-256 of the body as it came.
   * `work` hands the record to the change that it makes. Errors are not kept. Throws what `work` throws, `UnprocessableError` (code
   * `idempotency_key_reused`) when another request was sent under the key.
   */
  answer(bodyHash: string, work: (record: Record) => Promise<KeptAnswer>): Promise<void>;
}

/**
 * What the request says of being repeated; to be asked for after scope and key were checked, and before the body is read. Throws `InvalidInputError` (code
 * `idempotency_key_invalid`), `NotSupportedError` (code `idempotency_unsupported`).
 */
export function idempotencyOf(core: Core, ctx: Context, { accountId }: TokenCaller): Idempotency {
  const key = ctx.req.headers['idempotency-key'];
  if (key === undefined) return { answered: async () => false, answer: (_, work) => answerOnce(ctx, work) };
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new InvalidInputError('Idempotency-Key: expected 1 to 255 visible ASCII characters', {
      code: 'idempotency_key_invalid',
    });
  }
  demandIdempotency(core);
  const request = onceRequest(accountId, ctx.method, decodedPath(ctx), key);
  return {
    answered: () => isAnswered(core, request),
    // One after another in this process: the second is not to be decided on what the first has not stored yet.
    answer: (bodyHash, work) =>
      core.turns.take(`once ${accountId} ${request.request}`, () =>
        answerKept(core, ctx, request, fingerprintOf(ctx, bodyHash), work),
      ),
  };
}

/** Throws `InvalidInputError` (code `idempotency_key_invalid`) when the request has an `Idempotency-Key`, for routes that take none. */
export function refuseIdempotency(ctx: Context): void {
  if (ctx.req.headers['idempotency-key'] === undefined) return;
  throw new InvalidInputError('Idempotency-Key: this route takes none, since its answer cannot be kept', {
    code: 'idempotency_key_invalid',
  });
}

async function answerOnce(ctx: Context, work: (record: Record) => Promise<KeptAnswer>): Promise<void> {
  give(ctx, await work(() => undefined));
}

async function answerKept(
  core: Core,
  ctx: Context,
  request: OnceRequest,
  fingerprint: string,
  work: (record: Record) => Promise<KeptAnswer>,
): Promise<void> {
  const before = await answerOf(core, request, fingerprint);
  if (before !== undefined) return replay(ctx, before);
  try {
    give(ctx, await work(answer => recordOf(core, request, fingerprint, answer)));
  } catch (error) {
    // Of two at once one writes; and what it has changed may be why the other was refused.
    const meanwhile = await answerOf(core, request, fingerprint).catch(late => {
      throw error instanceof DuplicateKeyError ? late : error;
    });
    if (meanwhile === undefined) throw error;
    replay(ctx, meanwhile);
  }
}

function replay(ctx: Context, answer: KeptAnswer): void {
  ctx.set('Idempotent-Replay', 'true');
  give(ctx, answer);
}

function give(ctx: Context, { status, headers, body }: KeptAnswer): void {
  ctx.set(headers);
  if (body !== '') answerJson(ctx, body, status);
  else {
    ctx.body = null; // or it would be the name of the status
    ctx.status = status;
  }
}

function fingerprintOf(ctx: Context, bodyHash: string): string {
  const { headers } = ctx.req;
  const names = Object.keys(headers)
    .filter(name => MATTERS.test(name))
    .sort();
  return sha256Hex(JSON.stringify([ctx.querystring, names.map(name => [name, headers[name]]), bodyHash]));
}

/** `a%2Fb` is `a/b`. */
function decodedPath({ path }: Context): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
