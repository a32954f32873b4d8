/** Punches that people change at a page: they get a new `updated`, so that clients take them over. */

import { PreconditionFailedError } from '../../base/errors.ts';
import { membersOf } from '../../base/json/source.ts';
import type { Core } from '../context.ts';
import { newId } from '../ids.ts';
import { punchesSpec } from './collection.ts';
import { readPunch } from './punch.ts';
import { getPunch, type PunchView, punchNotFound } from './read.ts';
import { storePunches } from './store.ts';

/** What a page may change of a punch. */
export type PunchChange = Partial<Pick<PunchView, 'project' | 'in' | 'out' | 'rate' | 'comments'>>;

/**
 * Adds a punch; returns it. Throws `InvalidInputError` (code `punches_invalid`) that names the field as `punch.out`,
 * `PayloadTooLargeError`, `QuotaExceededError`.
 */
export async function addPunch(
  core: Core,
  accountId: string,
  given: PunchChange & Pick<PunchView, 'project' | 'in'>,
): Promise<PunchView> {
  const now = core.clock.now();
  const punch = { id: newId(), out: null, rate: 0, comments: [], ...given, created: now, updated: now };
  return keep(core, accountId, punch.id, JSON.stringify(punch));
}

/**
 * Changes a punch that has the `updated` that was seen; what is not named stays as it is, fields of clients too. To end one is to set
 * `out`. Throws as `addPunch`, `NotFoundError` (code `punch_not_found`), `PreconditionFailedError` when a client was faster.
 */
export async function changePunch(
  core: Core,
  accountId: string,
  id: string,
  change: PunchChange,
  seen: number,
): Promise<PunchView> {
  const doc = id.includes('\0') ? undefined : await core.storage.collection(punchesSpec).get([accountId, id]);
  const { updated, body } = doc ?? {};
  if (updated === undefined || body === undefined) throw punchNotFound();
  if (updated !== seen) throw new PreconditionFailedError(String(updated));
  const fields = new Map<string, string>();
  for (const member of membersOf(body)) if (member) fields.set(member.name, member.text);
  // A clock that is behind must not make the change older than what it changes.
  const next = { ...change, updated: Math.max(core.clock.now(), Math.floor(updated) + 1) };
  for (const [name, value] of Object.entries(next)) if (value !== undefined) fields.set(name, JSON.stringify(value));
  return keep(
    core,
    accountId,
    id,
    `{${Array.from(fields, ([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`,
  );
}

async function keep(core: Core, accountId: string, id: string, body: string): Promise<PunchView> {
  const punch = readPunch(JSON.parse(body), body, 'punch');
  await storePunches(core, accountId, [punch]);
  const stored = await getPunch(core, accountId, id);
  if (stored.updated !== punch.updated) throw new PreconditionFailedError(String(stored.updated));
  return stored;
}
