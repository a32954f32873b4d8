/** Between the names of the API and those of JavaScript: `expires_at` with a text is `expiresAt` with a `Date`. */

import { base64, bytesOfBase64 } from './base64.ts';
import { refusal } from './errors.ts';
import type { BatchOp } from './types.ts';

/** A key that can stand in a path: its segments are not empty, `.` or `..`, which a URL would lose (v2.md, section 2). */
const KEY = /^(?!(?:.*\/)?\.{0,2}(?:\/|$))[\w.,\-:@~+=/]{1,1024}$/;

/** The path of a key below a route. Throws `KeybinError` (code `key_invalid`). */
export function pathOf(route: string, key: string): string {
  if (KEY.test(key)) return `${route}/${key}`;
  throw refusal(
    'key_invalid',
    'key: expected 1 to 1024 of the characters A-Z a-z 0-9 _ . , - : @ ~ + = /, no part between slashes empty, . or ..',
  );
}

/** An object of the API as programs see it; what lies deeper stays as it is. `value_base64` becomes `value`, as bytes. */
export function fromWire<T>(object: object): T {
  const entries = Object.entries(object).map(([name, value]) => {
    if (name === 'value_base64') return ['value', bytesOfBase64(value)];
    const isMoment = /(?:^|_)at$/.test(name) && typeof value === 'string';
    return [camel(name), isMoment ? new Date(value) : value];
  });
  return Object.fromEntries(entries);
}

/** An operation of a batch as the API has it. */
export function opToWire({
  ifAbsent,
  value,
  ...op
}: BatchOp & { ifAbsent?: boolean; value?: string | Uint8Array }): object {
  const entries = Object.entries(op).map(([name, given]) => [
    name.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`),
    given,
  ]);
  return {
    ...Object.fromEntries(entries),
    ...(ifAbsent && { if_none_match: '*' }),
    ...(typeof value === 'string' && { value }),
    ...(value instanceof Uint8Array && { value_base64: base64(value) }),
  };
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
