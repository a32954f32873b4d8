/** What went wrong with a form, as a person reads it, and at which field. */

import type { Context } from 'koa';
import { AppError, PluginRefusedError } from '../base/errors.ts';
import { hasMessage, type Translate } from './i18n/messages.ts';

/** Shown with the form: with its field, or above them all. */
export interface Problem {
  readonly status: number;
  readonly text: string;
  readonly field?: string;
}

/** The field that an error is about, by its code. */
const FIELDS: Readonly<Record<string, string>> = {
  username_invalid: 'username',
  user_exists: 'username',
  email_invalid: 'email',
  email_taken: 'email',
  password_invalid: 'password',
  password_length_invalid: 'password',
  credentials_invalid: 'password',
  passwords_differ: 'confirm',
  password_wrong: 'password',
  password_needed: 'password',
  key_invalid: 'key',
  value_invalid: 'value',
};

/**
 * What to tell of an error; anything but an `AppError` that the person can do something about is thrown again. `fields` names the
 * fields of this form where they are called otherwise. What has no message of its own is told by the error.
 */
export function problemOf(error: unknown, t: Translate, fields: Readonly<Record<string, string>> = {}): Problem {
  if (!(error instanceof AppError) || (error.status >= 500 && error.retryAfter === undefined && error.status !== 507)) {
    throw error;
  }
  const name = nameOf(error);
  const key = `problems.${name}`;
  // A plugin says itself what is wrong, whatever its code is called.
  const ownWords = error instanceof PluginRefusedError || !hasMessage(key);
  const text = !ownWords ? t(key, { seconds: error.retryAfter ?? 0 }) : error.message;
  const at = fields[name] ?? fields[error.code] ?? FIELDS[name] ?? FIELDS[error.code];
  return { status: error.status, text, ...(at !== undefined && { field: at }) };
}

/** Where one code stands for several things that a person can do something about, more than that. */
function nameOf({ message, code }: AppError): string {
  if (message.startsWith('PASSWORD_TOO_')) return message.toLowerCase();
  if (message === 'wrong password') return 'password_wrong';
  return message === 'password is needed' ? 'password_needed' : code;
}

/** The problem of a form that is shown again; the log and the headers of the answer have it too. Throws as `problemOf`. */
export function told(ctx: Context, error: unknown, t: Translate, fields?: Readonly<Record<string, string>>): Problem {
  const problem = problemOf(error, t, fields);
  if (error instanceof AppError) {
    ctx.state.code = error.code;
    if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter));
  }
  return problem;
}
