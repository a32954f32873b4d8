/** The form of an ACL that is given as JSON text. */

import { isAccessPattern } from '../../base/names.ts';

/** Allows everything to everybody. */
export const OPEN_ACL = '{"rules":[{"user":"*","item":"*","action":"*","allow":true}]}';

/** The text as it is when it is an ACL, or undefined. */
export function parseAcl(text: string): string | undefined {
  return aclHint(text) === undefined ? text : undefined;
}

/** What is wrong with an ACL; undefined when nothing is. */
export function aclHint(text: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'it is not JSON; in the file put it in single quotes if it holds ` ;`, ` #` or `\\\\`';
  }
  if (!isObject(document)) return 'it is not an object';
  if (!Array.isArray(document.rules)) return '`rules` is not a list';
  const hints = document.rules.map((rule, i) => [i + 1, ruleHint(rule)] as const);
  const [number, hint] = hints.find(([, hint]) => hint !== undefined) ?? [];
  return hint === undefined ? undefined : `rule ${number}: ${hint}`;
}

function ruleHint(rule: unknown): string | undefined {
  if (!isObject(rule)) return 'it is not an object';
  for (const field of ['user', 'item', 'action']) {
    const pattern = rule[field];
    if (typeof pattern !== 'string') return `\`${field}\` is not a text`;
    if (!isAccessPattern(pattern))
      return `\`${field}\` is empty, or holds a \`*\` before its end or a control character`;
  }
  return typeof rule.allow === 'boolean' ? undefined : '`allow` is neither true nor false';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
