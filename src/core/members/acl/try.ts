/** What the rules come to, for people who want to know. */

import { eachInSlices } from '../../../base/slices.ts';
import { publicId } from '../../accounts/accounts.ts';
import type { Core } from '../../context.ts';
import { accountCalled } from '../list.ts';
import { isMember } from '../membership.ts';
import { fitsPattern, type Rule } from './acl.ts';
import { loadAcl } from './store.ts';

/** A rule and its place in the list, from 0 on. */
export interface PlacedRule {
  readonly place: number;
  readonly rule: Rule;
}

/** What would happen to an event, and why: for a rule, for lack of one, or without asking them. */
export interface Verdict {
  readonly allowed: boolean;
  readonly because: 'rule' | 'nothing' | 'admin' | 'stranger';
  readonly decided?: PlacedRule;
  /** What rules know the user by, and its account's name if there is one. */
  readonly uuid: string;
  readonly username?: string;
}

/** Whether somebody might add such an event at this moment. `user` is the uuid or the name of an account; the rules are asked for others, too. */
export async function tryRule(core: Core, user: string, item: string, action: string): Promise<Verdict> {
  const account = await accountCalled(core, user);
  const uuid = publicId(account) ?? user;
  const who = { uuid, ...(account?.username !== undefined && { username: account.username }) };
  if (account?.admin) return { allowed: true, because: 'admin', ...who };
  if (account !== undefined && !isMember(core, account)) return { allowed: false, because: 'stranger', ...who };
  const { rules } = await loadAcl(core);
  const place = rules.findIndex(
    rule => fitsPattern(rule.user, uuid) && fitsPattern(rule.item, item) && fitsPattern(rule.action, action),
  );
  const rule = rules[place];
  if (rule === undefined) return { allowed: false, because: 'nothing', ...who };
  return { allowed: rule.allow, because: 'rule', decided: { place, rule }, ...who };
}

/** The rules that may decide about somebody, in their order; at most `most`, and how many there are. */
export async function rulesFor(
  core: Core,
  uuid: string,
  most: number,
): Promise<{ rules: readonly PlacedRule[]; total: number }> {
  const found: PlacedRule[] = [];
  let total = 0;
  await eachInSlices((await loadAcl(core)).rules, (rule, place) => {
    if (fitsPattern(rule.user, uuid) && total++ < most) found.push({ place, rule });
  });
  return { rules: found, total };
}
