/** The rules for accounts, as the options need them. */

import { checkPassword, checkUsername } from '../core/rules.ts';
import { InvalidInputError } from '../errors.ts';

/** Whether an account may have this name. */
export function isUsername(text: string): boolean {
  return passes(checkUsername, text);
}

/** Whether an account may have this password. */
export function isPassword(text: string): boolean {
  return passes(checkPassword, text);
}

function passes(check: (text: string) => void, text: string): boolean {
  try {
    check(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidInputError) return false;
    throw error;
  }
}
