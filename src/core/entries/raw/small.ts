/** Changes of an entry that do not bring its bytes: when it ends, and what is counted in it. */

import type { Core } from '../../context.ts';
import { changeEntry } from '../change/change.ts';
import type { Count } from './counter.ts';
import type { SmallChange, Touched } from './small-change.ts';
import { countFiltered, touchFiltered } from './small-filtered.ts';
import { countStep, type Outcome, touchStep } from './steps.ts';

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
  if (core.plugins.filters('entries.set')) return touchFiltered(core, accountId, { key, conditions, also }, ttl);
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
  if (core.plugins.filters('entries.set')) return countFiltered(core, accountId, { key, conditions, also }, count);
  return changeEntry(core, accountId, { ...countStep(accountId, key, count, conditions), also });
}
