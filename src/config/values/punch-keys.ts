/** The section `[PUNCH_KEYS]`: keys of machines, `<label>=<username>:<key>`. */

import { isUsername } from '../../base/names.ts';
import { HIDDEN, type LinesOption } from './option.ts';

/** A key that opens the Punch API for an account. */
export interface PunchKey {
  /** Name of the machine. */
  readonly label: string;
  readonly username: string;
  readonly key: string;
}

/** What stands behind a label. */
type Grant = Omit<PunchKey, 'label'>;

const SHORTEST_KEY = 16;

/** The option that takes the whole section. */
export function punchKeys(doc: string) {
  return {
    type: 'lines',
    default: [] as readonly PunchKey[],
    expected: `\`<username>:<key>\` with a key of at least ${SHORTEST_KEY} characters, without \`:\`, white space and control characters`,
    doc,
    parse: text => (grantHint(text) === undefined ? split(text) : undefined),
    hint: grantHint,
    mask: maskGrant,
    write: ({ username, key }) => `${username}:${key}`,
    example: 'laptop=ann:<key>',
    live: true,
  } satisfies LinesOption<Grant>;
}

/** Undefined when there is no colon. */
function split(text: string): Grant | undefined {
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon).trim(), key: text.slice(colon + 1).trim() };
}

/** What is wrong with a line, without a part of it; undefined when nothing is. */
function grantHint(text: string): string | undefined {
  const grant = split(text);
  if (grant === undefined) return 'there is no `:`';
  const { username, key } = grant;
  if (username === '') return 'there is no user name before the `:`';
  if (!isUsername(username)) return 'the user name is longer than 128 characters or holds control characters';
  if (key === '') return 'there is no key behind the `:`';
  if (/[:\s\p{Cc}]/u.test(key) || !key.isWellFormed()) return 'the key holds a character that it must not hold';
  return [...key].length < SHORTEST_KEY ? `the key has fewer than ${SHORTEST_KEY} characters` : undefined;
}

/** Hides the key. Of a text that is wrong nothing is shown: what stands before a colon may be a part of a key. */
function maskGrant(text: string): string {
  return grantHint(text) === undefined ? `${split(text)?.username}:${HIDDEN}` : HIDDEN;
}
