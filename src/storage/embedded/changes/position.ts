import { checkTuple } from '../../cursor.ts';
import type { Scalar } from '../../port.ts';
import { positionInvalid } from '../../position-gone.ts';

/** Behind all that transactions up to `stamp` wrote; with a key only up to that one in the last of them. */
export interface Position {
  readonly stamp: number;
  readonly key?: readonly string[];
}

/** As a text. */
export function textOf({ stamp, key }: Position): string {
  return key === undefined ? `${stamp}` : `${stamp} ${JSON.stringify(key)}`;
}

/** The position of a text. Throws `InvalidInputError` (code `cursor_invalid`) when it is none. */
export function positionOf(text: string): Position {
  try {
    const [, digits, list] = /^(\d{1,15})(?: (.+))?$/s.exec(text) ?? [];
    if (digits === undefined) throw new Error('no number');
    const stamp = Number(digits);
    if (list === undefined) return { stamp };
    const key: unknown = JSON.parse(list);
    if (!Array.isArray(key) || !key.every(part => typeof part === 'string')) throw new Error('no key');
    checkTuple(key);
    return { stamp, key };
  } catch (cause) {
    throw positionInvalid(cause);
  }
}

/** Where to begin behind a position, in an index that leads with owner and stamp. */
export function startOf(owner: string, { stamp, key }: Position): Scalar[] {
  return key === undefined ? [owner, stamp + 1] : [owner, stamp, ...key];
}
