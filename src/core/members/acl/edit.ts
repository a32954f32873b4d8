/** What admins do with the rules, one at a time. Each deed is told to the audit log. */

import { ConflictError, InvalidInputError, NotFoundError } from '../../../base/errors.ts';
import { type AdminDeed, by } from '../../admin/deed.ts';
import type { Core } from '../../context.ts';
import { newId } from '../../ids.ts';
import { aclSpec } from '../collection.ts';
import { checkRule, type Rule } from './acl.ts';
import { ACL_ID, loadAcl } from './store.ts';

/** Bytes of all rules together: what the API can put back. */
const MOST_BYTES = 4_000_000;

/** Which rules somebody saw when he decided on a change, and who he is. */
export interface RuleDeed {
  /** The `version` of the rules he saw. */
  readonly seen: string;
  readonly deed: AdminDeed;
}

/*
 * All of them throw `ConflictError` (code `acl_changed`) when the rules are not those that were seen: nothing is changed then;
 * `NotFoundError` (code `rule_not_found`), and `InvalidInputError` (code `rules_invalid`). Places begin with 0.
 */

/** Puts a rule at a place, before the one that is there. */
export function insertRule(core: Core, place: number, rule: Rule, seen: RuleDeed): Promise<void> {
  const added = checkRule(rule);
  return edit(core, seen, rules => {
    demandPlace(place, rules.length + 1);
    return rules.toSpliced(place, 0, added);
  });
}

/** Puts a rule in place of another. */
export function changeRule(core: Core, place: number, rule: Rule, seen: RuleDeed): Promise<void> {
  const changed = checkRule(rule);
  return edit(core, seen, rules => {
    demandPlace(place, rules.length);
    return rules.with(place, changed);
  });
}

/** Moves a rule to another place. */
export function moveRule(core: Core, from: number, to: number, seen: RuleDeed): Promise<void> {
  return edit(core, seen, rules => {
    demandPlace(from, rules.length);
    demandPlace(to, rules.length);
    const [moved = []] = [rules.slice(from, from + 1)];
    return rules.toSpliced(from, 1).toSpliced(to, 0, ...moved);
  });
}

/** Removes a rule. */
export function deleteRule(core: Core, place: number, seen: RuleDeed): Promise<void> {
  return edit(core, seen, rules => {
    demandPlace(place, rules.length);
    return rules.toSpliced(place, 1);
  });
}

async function edit(
  core: Core,
  { seen, deed }: RuleDeed,
  change: (rules: readonly Rule[]) => readonly Rule[],
): Promise<void> {
  const { rules, version } = await loadAcl(core);
  if (version !== seen) throw aclChanged();
  const text = JSON.stringify(change(rules));
  if (Buffer.byteLength(text) > MOST_BYTES) refuse('rules: all together are too long');
  const expect = { version: seen === '' ? undefined : seen };
  const changes = { set: { rules: text, version: newId() } };
  if (!(await core.storage.collection(aclSpec).update([ACL_ID], changes, expect))) throw aclChanged();
  await deed.record('acl_updated', by(deed));
}

function demandPlace(place: number, count: number): void {
  if (Number.isInteger(place) && place >= 0 && place < count) return;
  throw new NotFoundError('there is no rule at this place', { code: 'rule_not_found' });
}

function aclChanged(): ConflictError {
  return new ConflictError('somebody else has changed the rules meanwhile', { code: 'acl_changed' });
}

function refuse(message: string): never {
  throw new InvalidInputError(message, { code: 'rules_invalid' });
}
