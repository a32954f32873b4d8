/** Requests that are not to be done twice: the answer to one is kept in the commit of what it did (v2.md, section 6). */

import { NotSupportedError, PayloadTooLargeError, UnprocessableError } from '../../base/errors.ts';
import type { Write } from '../../storage/port.ts';
import { type IdempotencyDoc, idempotencySpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { sha256Hex } from '../ids.ts';

/** Milliseconds for which an answer is kept. */
const KEPT_MS = 86_400_000;

/** Bytes of an answer that may be kept. */
const MOST = 4_194_304;

/** Bytes that a record takes beside headers and body. */
const BESIDE = 300;

/** An answer as it is kept: headers are those that belong to it alone. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; empty: none. */
  readonly body: string;
}

/** Which request it is. */
export interface OnceRequest {
  readonly accountId: string;
  /** SHA-256 of method, path and `Idempotency-Key`. */
  readonly request: string;
}

/** What names a request: method and path as it is decoded, and the `Idempotency-Key`. */
export function onceRequest(accountId: string, method: string, path: string, key: string): OnceRequest {
  return { accountId, request: sha256Hex(JSON.stringify([method, path, key])) };
}

/** Throws `NotSupportedError` (code `idempotency_unsupported`) where a commit may stop half way. */
export function demandIdempotency({ storage }: Core): void {
  if (storage.atomicCommit) return;
  throw new NotSupportedError('this server stores in a standalone MongoDB: Idempotency-Key takes a replica set', {
    code: 'idempotency_unsupported',
  });
}

/** Whether the request was answered within the last 24 h, whatever its fingerprint was then. */
export async function isAnswered(core: Core, { accountId, request }: OnceRequest): Promise<boolean> {
  return (await core.storage.collection(idempotencySpec).get([accountId, request])) !== undefined;
}

/**
 * The answer that the request got. Throws `UnprocessableError` (code `idempotency_key_reused`) when it was another one:
 * `fingerprint` is the SHA-256 of all of it that matters.
 */
export async function answerOf(
  core: Core,
  { accountId, request }: OnceRequest,
  fingerprint: string,
): Promise<KeptAnswer | undefined> {
  const record = await core.storage.collection(idempotencySpec).get([accountId, request]);
  if (record === undefined) return undefined;
  if (record.fingerprint !== fingerprint) {
    throw new UnprocessableError('another request was sent under this Idempotency-Key: take a new one', {
      code: 'idempotency_key_reused',
    });
  }
  const { status, headers, body } = record;
  return { status, headers: JSON.parse(headers), body };
}

/**
 * The record of an answer, for the commit of what was done; its second is `DuplicateKeyError`. It takes room of the account. Throws
 * `PayloadTooLargeError` (code `idempotent_answer_too_large`).
 */
export function recordOf(
  core: Core,
  { accountId, request }: OnceRequest,
  fingerprint: string,
  { status, headers, body }: KeptAnswer,
): Write<IdempotencyDoc> {
  const texts = { headers: JSON.stringify(headers), body };
  const size = Buffer.byteLength(texts.headers) + Buffer.byteLength(body);
  if (size > MOST) {
    throw new PayloadTooLargeError(
      MOST,
      { code: 'idempotent_answer_too_large' },
      'the answer under an Idempotency-Key',
    );
  }
  const expires_at = new Date(core.clock.now() + KEPT_MS);
  const record = {
    user_id: accountId,
    request,
    fingerprint,
    status,
    ...texts,
    size: size + BESIDE,
    mark: 1,
    expires_at,
  };
  return { in: idempotencySpec, insert: record };
}
