/** What a batch is answered with: an object for each operation. */

import { PayloadTooLargeError } from '../../../base/errors.ts';
import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../../core/context.ts';
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

/** The results of a batch that gives out no long value. */
export function answerFor(ops: readonly ReadOp[], outcomes: readonly BatchOutcome[]): string[] {
  return outcomes.map((outcome, i) => resultOf(ops[i], outcome));
}

/** The results of any batch, others having their turn. Throws as `openLong`. */
export async function longAnswerFor(
  core: Core,
  ops: readonly ReadOp[],
  outcomes: readonly BatchOutcome[],
): Promise<string[]> {
  const slices = inSlices();
  const results: string[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const { entry, status } = outcome;
    if (ops[i]?.op.op === 'get' && entry?.blob !== undefined) {
      const pieces: string[] = [];
      for await (const piece of wholeMember(core, entry)) {
        pieces.push(piece);
        if (slices.over()) await slices.pause();
      }
      results.push(withStatus(status, pieces.join('')));
    } else results.push(resultOf(ops[i], outcome));
    if (slices.over()) await slices.pause();
  }
  return results;
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
