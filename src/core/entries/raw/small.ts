/** Changes of an entry that do not bring its bytes: when it ends, and what is counted in it. */

import type { Write } from '../../../storage/port.ts';
import type { Core } from '../../context.ts';
import { changeEntry } from '../change/change.ts';
import type { Conditions } from './conditions.ts';
import type { Count } from './counter.ts';
import { countStep, type Outcome, touchStep } from './steps.ts';

/** What became of an entry that is still there. */
export type Touched = Required<Pick<Outcome, 'status' | 'entry'>>;

/** Which entry is changed, and under which conditions; `also` is written in the same commit. */
export interface SmallChange<R> {
  readonly key: string;
  readonly conditions: Conditions;
  readonly also: (outcome: R) => Write | undefined;
}

/**
 * Has an entry end in `ttl` seconds, or never (null). Throws `PreconditionFailedError`, `NotFoundError` (code
 * `key_not_found`), `DuplicateKeyError` of `also`.
 */
export async function touchEntry(
  core: Core,
  accountId: string,
  { key, conditions, also }: SmallChange<Touched>,
  ttl: number | null,
): Promise<Touched> {
  return changeEntry(core, accountId, { ...touchStep(accountId, key, ttl, conditions), also });
}

/**
 * Counts in an entry. Throws `PreconditionFailedError`, `ConflictError` (codes `not_an_integer`, `out_of_range`),
 * `QuotaExceededError`, `DuplicateKeyError` of `also`.
 */
export async function countEntry(
  core: Core,
  accountId: string,
  { key, conditions, also }: SmallChange<Required<Outcome>>,
  count: Count,
): Promise<Required<Outcome>> {
  return changeEntry(core, accountId, { ...countStep(accountId, key, count, conditions), also });
}
