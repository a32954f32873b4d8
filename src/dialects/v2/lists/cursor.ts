/** Cursors of lists: they name what a page ended with, so that nothing is kept for them and they hold for ever. */

import { InvalidInputError } from '../../../base/errors.ts';
import { checkV2Prefix } from '../../../base/names.ts';
import type { Names } from '../../../core/entries/children.ts';
import { sha256Hex } from '../../../core/ids.ts';

/** Characters that tell a list from others. */
const MARK = 8;

/** The cursor behind a name of a list. */
export function cursorAfter(list: Names, name: string): string {
  return Buffer.from(markOf(list) + name).toString('base64url');
}

/** The name that a cursor of the list stands behind. Throws `InvalidInputError` (code `cursor_invalid`): it is none of this list. */
export function nameIn(list: Names, cursor: string): string {
  const text = /^[\w-]+$/.test(cursor) ? Buffer.from(cursor, 'base64url').toString() : '';
  const name = text.slice(MARK);
  try {
    if (text.slice(0, MARK) !== markOf(list) || name === '' || !name.startsWith(list.prefix))
      throw new Error('another list');
    checkV2Prefix(name);
    return name;
  } catch (cause) {
    throw new InvalidInputError('cursor: not one that this server gave out for a list with this prefix and separator', {
      code: 'cursor_invalid',
      cause,
    });
  }
}

function markOf({ prefix, separator = '' }: Names): string {
  return sha256Hex(JSON.stringify([prefix, separator])).slice(0, MARK);
}
