/** Who may store which events: a list of rules, of which the first that fits decides. */

import { z } from 'zod';
import { shape } from '../../middleware/shape.ts';

/** Each pattern is a text to be equal to, or with `*` at its end a beginning. */
export interface Rule {
  /** Of the caller's uuid. */
  readonly user: string;
  readonly item: string;
  readonly action: string;
  readonly allow: boolean;
}

const pattern = z
  .string({ error: 'expected a text' })
  .refine(isPattern, { error: 'expected a text without control characters, with * only at its end' });
const document = z.object({
  rules: z.array(
    z.object(
      { user: pattern, item: pattern, action: pattern, allow: z.boolean({ error: 'expected true or false' }) },
      { error: 'expected an object' },
    ),
    { error: 'expected a list' },
  ),
});

/** The rules of an ACL document, without what does not belong there. Throws `InvalidInputError` (code `rules_invalid`). */
export function readAcl(body: object): Rule[] {
  return shape(document, body).rules;
}

/** Which events these rules allow this user. */
export function permissions(
  rules: readonly Rule[],
  userUuid: string,
): (event: { itemUuid: string; action: string }) => boolean {
  const own = rules.filter(rule => fits(rule.user, userUuid));
  return ({ itemUuid, action }) =>
    own.find(rule => fits(rule.item, itemUuid) && fits(rule.action, action))?.allow ?? false;
}

function fits(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function isPattern(text: string): boolean {
  const star = text.indexOf('*');
  return text !== '' && (star < 0 || star === text.length - 1) && ![...text].some(isControl);
}

function isControl(character: string): boolean {
  return character < ' ' || character === '\x7f';
}
