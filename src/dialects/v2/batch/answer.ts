/** What a batch is answered with: an object for each operation. */

import { PayloadTooLargeError } from '../../../base/errors.ts';
import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../../core/context.ts';
import type { KeptAnswer } from '../../../core/entries/idempotency.ts';
import type { BatchOutcome } from '../../../core/entries/raw/batch.ts';
import { etagOf } from '../../../core/entries/raw/representation.ts';
import { shortMember, wholeMember } from '../lists/members.ts';
import { BATCH_BYTES, KEPT_BYTES } from '../numbers.ts';
import type { ReadOp } from './read.ts';

/**
 * Throws `PayloadTooLargeError` when the values that are to be given out are too many bytes; of an answer that `isKept` for repetitions
 * (code `idempotent_answer_too_large`) also when one of them is too long to be part of its entry.
 */
export function demandAnswerable(ops: readonly ReadOp[], outcomes: readonly BatchOutcome[], isKept: boolean): void {
  const most = isKept ? KEPT_BYTES : BATCH_BYTES;
  let bytes = 0;
  for (const [i, { entry }] of outcomes.entries()) {
    if (ops[i]?.op.op !== 'get' || entry === undefined) continue;
    bytes += entry.size ?? 0;
    if (isKept && entry.blob !== undefined) bytes = Number.POSITIVE_INFINITY;
  }
  if (bytes <= most) return;
  if (!isKept) throw new PayloadTooLargeError(most, {}, 'the values that are asked for');
  throw new PayloadTooLargeError(most, { code: 'idempotent_answer_too_large' }, 'the answer under an Idempotency-Key');
}

/** The answer of a batch that gives out no long value. */
export function answerFor(ops: readonly ReadOp[], outcomes: readonly BatchOutcome[]): KeptAnswer {
  const results = outcomes.map((outcome, i) => resultOf(ops[i], outcome));
  return { status: 200, headers: {}, body: `{"results":[${results.join(',')}]}` };
}

/** What any batch is answered with, in pieces, however long its values are. Throws as `openLong`. */
export async function* answerText(
  core: Core,
  ops: readonly ReadOp[],
  outcomes: readonly BatchOutcome[],
): AsyncGenerator<string> {
  const slices = inSlices();
  let before = '{"results":[';
  for (const [i, outcome] of outcomes.entries()) {
    const { entry, status } = outcome;
    yield before;
    before = ',';
    if (ops[i]?.op.op === 'get' && entry?.blob !== undefined) {
      const pieces = wholeMember(core, entry);
      const first = await pieces.next();
      yield withStatus(status, String(first.value));
      yield* pieces;
    } else yield resultOf(ops[i], outcome);
    if (slices.over()) await slices.pause();
  }
  yield ']}';
}

function resultOf(read: ReadOp | undefined, { status, entry, sum }: BatchOutcome): string {
  if (read?.op.op === 'get' && entry !== undefined) return withStatus(status, shortMember(entry));
  const { key, expires_at } = entry ?? { key: read?.op.key };
  return JSON.stringify({
    status,
    key,
    ...(sum !== undefined && { value: sum }),
    ...(entry && { etag: etagOf(entry), expires_at: expires_at ?? null }),
  });
}

function withStatus(status: number, member: string): string {
  return `{"status":${status},${member.slice(1)}`;
}
