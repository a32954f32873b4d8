/** Several changes of entries, all or none (v2.md, section 3). */

import { AppError, ConflictError, NotSupportedError, PreconditionFailedError } from '../../../base/errors.ts';
import type { Write } from '../../../storage/port.ts';
import type { EntryDoc } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { changeEntries } from '../change/change.ts';
import type { Step } from '../change/steps.ts';
import { type Conditions, demandConditions } from './conditions.ts';
import { etagOf } from './representation.ts';
import type { Outcome } from './steps.ts';

/** What became of one of the entries; 404: there is none. */
export type BatchOutcome = Omit<Outcome, 'status'> & { readonly status: Outcome['status'] | 404 };

/** One of the changes. */
export type BatchStep = Omit<Step<BatchOutcome>, 'also'>;

/** Throws `NotSupportedError` (code `batch_unsupported`) where a commit may stop half way. */
export function demandBatches({ storage }: Core): void {
  if (storage.atomicCommit) return;
  throw new NotSupportedError('this server stores in a standalone MongoDB: a batch takes a replica set', {
    code: 'batch_unsupported',
  });
}

/** Gives the entry. With `holds` it has to be there unchanged when the others are stored. Throws `PreconditionFailedError`. */
export function getStep(key: string, conditions: Conditions, holds: boolean): BatchStep {
  return {
    key,
    holds,
    decide(before) {
      demandConditions(conditions, before);
      return { fate: 'kept', result: before === undefined ? { status: 404 } : { status: 200, entry: before } };
    },
  };
}

/** Demands that the conditions hold when the others are stored. Throws `PreconditionFailedError`. */
export function checkStep(key: string, conditions: Conditions): BatchStep {
  const step = getStep(key, conditions, true);
  return {
    ...step,
    decide: (before, moment) => ({ fate: 'kept', result: { ...step.decide(before, moment).result, status: 204 } }),
  };
}

/** Removes what is there, if something is. Throws `PreconditionFailedError`. */
export function removeStep(key: string, conditions: Conditions): BatchStep {
  return {
    key,
    holds: true,
    decide(before) {
      demandConditions(conditions, before);
      return { fate: before === undefined ? 'kept' : 'removed', result: { status: 204 } };
    },
  };
}

/**
 * Does all of the steps or none; each key may be there once. Throws `ConflictError` (code `batch_failed`) with the index of the first that fails,
 * why, and the etag of what is there; `PayloadTooLargeError` when the entries are too many bytes to be looked at together; what `also` throws, and `QuotaExceededError`,
 * `DuplicateKeyError` of `also`, `StorageUnavailableError`.
 */
export async function changeBatch(
  core: Core,
  accountId: string,
  steps: readonly BatchStep[],
  also: (outcomes: readonly BatchOutcome[]) => Write | undefined,
): Promise<BatchOutcome[]> {
  return core.turns.take(`batch ${accountId}`, () => changeEntries(core, accountId, steps.map(attributed), also));
}

/** The step, whose refusal names it. */
function attributed(step: BatchStep, index: number): BatchStep {
  return {
    ...step,
    decide(before, moment) {
      try {
        return step.decide(before, moment);
      } catch (error) {
        if (!(error instanceof AppError) || error.status >= 500) throw error;
        throw failed(index, error, before);
      }
    },
  };
}

function failed(index: number, error: AppError, before: EntryDoc | undefined): ConflictError {
  const { code } = error;
  const why = error instanceof PreconditionFailedError ? 'the value is not as its conditions demand' : error.message;
  const details = { index, code, ...(before && { current_etag: etagOf(before) }) };
  return new ConflictError(`ops[${index}]: ${why}; nothing was changed`, {
    code: 'batch_failed',
    details,
    cause: error,
  });
}
