/** Positions in the changes of an account, as they are given out (v2.md, section 4). */

import { GoneError, InvalidInputError } from '../../base/errors.ts';
import type { Core } from '../context.ts';
import { HISTORY_MS } from '../entries/change/commit.ts';
import { sha256Short } from '../ids.ts';

const VERSION = 1;

/** Longest cursor, in characters: a key has 1,024 bytes at most. */
const LONGEST = 4096;

/** Characters of the hash that tells accounts and data from each other. */
const TAG = 16;

/** Cursors of one account. */
export interface Cursors {
  /** The cursor of a position. */
  of(position: string): string;
  /** The position of a cursor. Throws `InvalidInputError` (code `cursor_invalid`), `GoneError` (code `cursor_gone`). */
  read(cursor: string): string;
}

/** Makes the cursors of accounts; `secret` belongs to the data, so that those of other data are known as such. */
export function cursorsOf({ clock }: Pick<Core, 'clock'>, secret: string, accountId: string): Cursors {
  const tag = sha256Short(`${secret} ${accountId}`).slice(0, TAG);
  return {
    of: position => encode([VERSION, tag, Math.floor(clock.now() / 1000), position]),
    read(cursor) {
      const [, owner, seconds, position] = decode(cursor);
      if (owner !== tag) throw gone('of other data, or of another account');
      if (seconds * 1000 < clock.now() - HISTORY_MS) throw gone('older than the history, which is 7 days');
      return position;
    },
  };
}

type Plain = [version: number, tag: string, seconds: number, position: string];

function encode(plain: Plain): string {
  return Buffer.from(JSON.stringify(plain)).toString('base64url');
}

function decode(cursor: string): Plain {
  try {
    if (cursor.length > LONGEST || !/^[\w-]+$/.test(cursor)) throw new Error('no base64url');
    const plain: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(plain) || plain.length !== 4) throw new Error('no cursor');
    const [version, tag, seconds, position] = plain;
    if (version !== VERSION || typeof tag !== 'string' || typeof position !== 'string') throw new Error('no cursor');
    if (!Number.isSafeInteger(seconds)) throw new Error('no time');
    return [version, tag, seconds, position];
  } catch (cause) {
    throw new InvalidInputError('since: not a cursor that this server gave out; leave it out for the present one', {
      code: 'cursor_invalid',
      cause,
    });
  }
}

function gone(why: string): GoneError {
  return new GoneError(`the cursor is ${why}: list again, and follow from a new one`, { code: 'cursor_gone' });
}
