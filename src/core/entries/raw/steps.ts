/** The changes that v2 makes of entries, each under its conditions: for one entry, or for several at once. */

import type { EntryDoc } from '../../collections.ts';
import type { Content, Moment, Step } from '../change/steps.ts';
import { keyNotFound } from '../entries.ts';
import { type Conditions, demandConditions } from './conditions.ts';
import { type Count, counted } from './counter.ts';
import { heldBy } from './representation.ts';

/** What became of an entry. */
export interface Outcome {
  /** Of the answer: 201 created, 204 replaced or removed, 200 otherwise. */
  readonly status: 200 | 201 | 204;
  /** As it is now; absent: it is gone. */
  readonly entry?: EntryDoc;
  /** What was counted to. */
  readonly sum?: number;
}

/** Stores a content. `demand` is asked right before. Throws `PreconditionFailedError`, what `demand` throws. */
export function putStep(
  accountId: string,
  key: string,
  content: Content,
  conditions: Conditions,
  demand: () => void = () => {},
): Step<Outcome> {
  return {
    key,
    decide(before, moment) {
      demandConditions(conditions, before);
      demand();
      const entry = entryWith(accountId, key, content, before, moment);
      return { fate: { content }, result: { status: before === undefined ? 201 : 204, entry } };
    },
  };
}

/** Removes an entry. Throws `PreconditionFailedError`, `NotFoundError` (code `key_not_found`). */
export function deleteStep(key: string, conditions: Conditions): Step<Outcome> {
  return {
    key,
    decide(before) {
      demandConditions(conditions, before);
      if (before === undefined) throw keyNotFound();
      return { fate: 'removed', result: { status: 204 } };
    },
  };
}

/**
 * Has an entry end in `ttl` seconds, or never (null). Throws `PreconditionFailedError`, `NotFoundError` (code `key_not_found`).
 */
export function touchStep(
  accountId: string,
  key: string,
  ttl: number | null,
  conditions: Conditions,
): Step<Required<Pick<Outcome, 'status' | 'entry'>>> {
  return {
    key,
    decide(before, moment) {
      demandConditions(conditions, before);
      if (before === undefined) throw keyNotFound();
      const expires_at = ttl === null ? undefined : new Date(moment.now.getTime() + ttl * 1000);
      const content: Content = { ...heldBy(before), ...(expires_at && { expires_at }) };
      return { fate: { content }, result: { status: 200, entry: entryWith(accountId, key, content, before, moment) } };
    },
  };
}

/** Counts. Throws `PreconditionFailedError`, `ConflictError` (codes `not_an_integer`, `out_of_range`). */
export function countStep(
  accountId: string,
  key: string,
  count: Count,
  conditions: Conditions,
): Step<Required<Outcome>> {
  return {
    key,
    decide(before, moment) {
      demandConditions(conditions, before);
      const { content, sum } = counted(before, count, moment);
      const entry = entryWith(accountId, key, content, before, moment);
      return { fate: { content }, result: { status: 200, entry, sum } };
    },
  };
}

/** The entry as `changeEntry` stores it. */
function entryWith(
  user_id: string,
  key: string,
  content: Content,
  before: EntryDoc | undefined,
  { now, etag }: Moment,
): EntryDoc {
  return { user_id, key, ...content, etag, created_at: before?.created_at ?? now, updated_at: now };
}
