/** What a token may do (v2.md, section 5). */

import { ForbiddenError, InvalidInputError } from '../../base/errors.ts';

/** A right as it is written: `kv:r`, `kv:w:app/`, `kv:rw`, `tokens`, `sync`. */
const RIGHT = /^(?:kv:(?:r|w|rw)(?::[A-Za-z0-9_.,\-:@~+=/]{1,1024})?|tokens|sync)$/;

/** Most rights of one token, and the most characters that they have together. */
const MOST = 64;
const MOST_CHARACTERS = 2048;

/** What a password may do, and a token of the original API. */
export const EVERYTHING: readonly string[] = ['kv:rw', 'tokens', 'sync'];

/** Checked scopes, each once. Throws `InvalidInputError` (code `scopes_invalid`). */
export function checkScopes(scopes: readonly string[]): readonly string[] {
  if (scopes.length < 1 || scopes.length > MOST || !scopes.every(scope => RIGHT.test(scope))) {
    throw new InvalidInputError(
      `scopes: expected 1 to ${MOST} of kv:r, kv:w, kv:rw, each perhaps with :<prefix>, tokens, sync`,
      { code: 'scopes_invalid' },
    );
  }
  if (scopes.join('').length > MOST_CHARACTERS) {
    throw new InvalidInputError(`scopes: expected at most ${MOST_CHARACTERS} characters together`, {
      code: 'scopes_invalid',
    });
  }
  return [...new Set(scopes)];
}

/** The error for a token that may do less than is needed. */
export function scopeInsufficient(scope: string): ForbiddenError {
  return new ForbiddenError(`the token may not do this: it needs the scope ${scope}`, {
    code: 'scope_insufficient',
    details: { scope },
  });
}

/** What somebody may do. */
export class Scopes {
  readonly all: readonly string[];
  readonly #read: readonly string[];
  readonly #write: readonly string[];

  constructor(scopes: readonly string[]) {
    this.all = scopes;
    this.#read = prefixesOf(scopes, 'r');
    this.#write = prefixesOf(scopes, 'w');
  }

  mayRead(key: string): boolean {
    return this.#read.some(prefix => key.startsWith(prefix));
  }

  mayWrite(key: string): boolean {
    return this.#write.some(prefix => key.startsWith(prefix));
  }

  /** The beginnings of the keys that may be read, none within another; `['']`: all. */
  get readable(): readonly string[] {
    return this.#read;
  }

  /** The beginnings of the keys that may be written. */
  get writable(): readonly string[] {
    return this.#write;
  }

  get mayManageTokens(): boolean {
    return this.all.includes('tokens');
  }

  get maySync(): boolean {
    return this.all.includes('sync');
  }

  /** Whether it may do all that there is to do. */
  get isFull(): boolean {
    return this.covers(new Scopes(EVERYTHING));
  }

  /** Whether the other may do nothing that this may not. */
  covers(other: Scopes): boolean {
    return (
      other.readable.every(prefix => this.mayRead(prefix)) &&
      other.writable.every(prefix => this.mayWrite(prefix)) &&
      (this.mayManageTokens || !other.mayManageTokens) &&
      (this.maySync || !other.maySync)
    );
  }
}

/** Without those that lie within others. */
function prefixesOf(scopes: readonly string[], right: 'r' | 'w'): string[] {
  const prefixes = scopes.flatMap(scope => {
    const [, rights = '', prefix = ''] = /^kv:(rw?|w)(?::(.+))?$/.exec(scope) ?? [];
    return rights.includes(right) ? [prefix] : [];
  });
  return [...new Set(prefixes)].filter(one => !prefixes.some(other => other !== one && one.startsWith(other)));
}
