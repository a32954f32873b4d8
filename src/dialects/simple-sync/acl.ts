/** Who may store which events: a list of rules, of which the first that fits decides. */

import { z } from 'zod';
import { isAccessPattern } from '../../core/rules.ts';
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
  .refine(isAccessPattern, { error: 'expected a text without control characters, with * only at its end' });
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
  // Many rules may meet many events: each pattern is looked at once.
  const own = rules
    .filter(rule => matcher(rule.user)(userUuid))
    .map(({ item, action, allow }) => ({ item: matcher(item), action: matcher(action), allow }));
  return ({ itemUuid, action }) => own.find(rule => rule.action(action) && rule.item(itemUuid))?.allow ?? false;
}

function matcher(pattern: string): (text: string) => boolean {
  if (!pattern.endsWith('*')) return text => text === pattern;
  const beginning = pattern.slice(0, -1);
  return beginning === '' ? () => true : text => text.startsWith(beginning);
}
