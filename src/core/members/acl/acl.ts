/** Who may store which events: a list of rules, of which the first that fits decides. */

import { InvalidInputError } from '../../../base/errors.ts';
import { isAccessPattern } from '../../../base/names.ts';
import { eachInSlices, mapInSlices } from '../../../base/slices.ts';
import { Patterns } from './patterns.ts';

/** Each pattern is a text to be equal to, or with `*` at its end a beginning. */
export interface Rule {
  /** Of the caller's uuid. */
  readonly user: string;
  readonly item: string;
  readonly action: string;
  readonly allow: boolean;
}

/** Says of an event whether it is allowed. */
export type Decide = (event: { readonly itemUuid: string; readonly action: string }) => boolean;

/** What rules allow, for each user by his uuid. */
export type Permissions = (userUuid: string) => Decide;

/** A rule that decides, unless one with a smaller place fits too. */
interface Placed {
  readonly place: number;
  readonly allow: boolean;
}

/**
 * The rules of an ACL document, without what does not belong there, checked in slices. Throws `InvalidInputError` (code
 * `rules_invalid`).
 */
export async function readAcl({ rules }: Readonly<Record<string, unknown>>): Promise<Rule[]> {
  if (!Array.isArray(rules)) refuse('rules', 'a list');
  return mapInSlices(rules, (rule: unknown, i) => readRule(rule, `rules[${i}]`));
}

/** Whether a pattern fits a text. */
export function fitsPattern(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

/** The rule alone. Throws `InvalidInputError` (code `rules_invalid`) that names the field. */
export function checkRule(rule: Rule): Rule {
  return readRule(rule, 'rule');
}

function readRule(rule: unknown, place: string): Rule {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) refuse(place, 'an object');
  const { user, item, action, allow } = rule as Readonly<Record<string, unknown>>;
  return {
    user: readPattern(user, `${place}.user`),
    item: readPattern(item, `${place}.item`),
    action: readPattern(action, `${place}.action`),
    allow: typeof allow === 'boolean' ? allow : refuse(`${place}.allow`, 'true or false'),
  };
}

function readPattern(pattern: unknown, place: string): string {
  if (typeof pattern === 'string' && isAccessPattern(pattern)) return pattern;
  refuse(place, 'a text that is not empty, without control characters, with * only at its end');
}

/**
 * What the rules allow, sorted by their patterns in slices: thousands of rules may meet tens of thousands of events, and no event
 * is held against rules whose beginning differs.
 */
export async function permissionsOf(rules: readonly Rule[]): Promise<Permissions> {
  const users = new Patterns<Patterns<Patterns<Placed>>>();
  await eachInSlices(rules, ({ user, item, action, allow }, place) => {
    const items = users.at(user, () => new Patterns());
    // Of two rules with the same patterns the first counts.
    items.at(item, () => new Patterns()).at(action, () => ({ place, allow }));
  });
  return userUuid => {
    const own = users.fitting(userUuid);
    return ({ itemUuid, action }) => {
      let first: Placed | undefined;
      for (const items of own) {
        for (const actions of items.fitting(itemUuid)) {
          for (const rule of actions.fitting(action)) {
            if (first === undefined || rule.place < first.place) first = rule;
          }
        }
      }
      return first?.allow ?? false;
    };
  };
}

function refuse(place: string, expected: string): never {
  throw new InvalidInputError(`${place}: expected ${expected}`, { code: 'rules_invalid' });
}
