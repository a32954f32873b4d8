/** The rules for what people and programs name things; every API shares them. */

import { InvalidInputError } from './errors.ts';

const NAME_CODE_POINTS = 128;
const PASSWORD_BYTES = 1024;
const UUID_BYTES = 255;
const KEY = /^[A-Za-z0-9_.,]{1,1024}$/;
const KEY_PREFIX = /^[A-Za-z0-9_.,]{0,1024}$/;
/** Every character that a key of v2 may have. */
const WIDE_KEY = /^[A-Za-z0-9_.,\-:@~+=/]{1,1024}$/;
const WIDE_PREFIX = /^[A-Za-z0-9_.,\-:@~+=/]{0,1024}$/;
const ACCESS_PATTERN = /^(?!$)(?:[^*\p{Cc}]|[\u0080-\u009f])*\*?$/u;
const CONTROL = /\p{Cc}/u;

/** 1 to 128 code points, no control characters. Throws `InvalidInputError` (code `username_invalid`). */
export function checkUsername(username: string): void {
  if (!isUsername(username)) {
    refuse('username_invalid', 'username: expected 1 to 128 characters without control characters');
  }
}

/** Whether an account can have this name. */
export function isUsername(text: string): boolean {
  return isName(text) && !CONTROL.test(text);
}

/** 1 to 1024 bytes of UTF-8. Throws `InvalidInputError` (code `password_invalid`, or that of the `field` it was sent in). */
export function checkPassword(password: string, field: 'password' | 'new_password' = 'password'): void {
  if (!isPassword(password)) refuse(`${field}_invalid`, `${field}: expected 1 to 1024 bytes of UTF-8`);
}

/** Whether an account can have this password. */
export function isPassword(text: string): boolean {
  const bytes = Buffer.byteLength(text);
  return bytes >= 1 && bytes <= PASSWORD_BYTES && text.isWellFormed();
}

/** 1 to 255 bytes of UTF-8 without control characters. Throws `InvalidInputError` (code `uuid_invalid`). */
export function checkUuid(uuid: string): void {
  if (!isUuid(uuid)) refuse('uuid_invalid', 'uuid: expected 1 to 255 bytes without control characters');
}

/** Whether an account can be known by it. */
export function isUuid(uuid: string): boolean {
  const bytes = Buffer.byteLength(uuid);
  return bytes >= 1 && bytes <= UUID_BYTES && uuid.isWellFormed() && !CONTROL.test(uuid);
}

/** Whether it can be a pattern of an access rule: not empty, `*` only as its last character, no character below 32 and no 127. */
export function isAccessPattern(text: string): boolean {
  return ACCESS_PATTERN.test(text);
}

/** 1 to 128 code points. Throws `InvalidInputError` (code `client_id_invalid`). */
export function checkClientId(clientId: string): void {
  if (!isName(clientId)) refuse('client_id_invalid', 'client_id: expected 1 to 128 characters');
}

/** A key of the original API. Throws `InvalidInputError` (code `key_invalid`). */
export function checkKey(key: string): void {
  if (!isNarrowKey(key)) refuse('key_invalid', 'key: expected 1 to 1024 of the characters a-z A-Z 0-9 _ . ,');
}

/** Whether the original API can name the key. */
export function isNarrowKey(key: string): boolean {
  return KEY.test(key);
}

/**
 * A key that an entry can have: 1 to 1024 of the characters `A-Z a-z 0-9 _ . , - : @ ~ + = /`, no segment between slashes empty,
 * `.` or `..`; only a whole key may be `.` or `..`, which the original API can name (v2.md, section 2). Throws `InvalidInputError`
 * (code `key_invalid`).
 */
export function checkV2Key(key: string): void {
  if (!isNarrowKey(key)) checkV2PathKey(key);
}

/** A key of v2 that can stand in a path: not `.` or `..` either. Throws `InvalidInputError` (code `key_invalid`). */
export function checkV2PathKey(key: string): void {
  if (!WIDE_KEY.test(key)) {
    refuse('key_invalid', 'key: expected 1 to 1024 of the characters A-Z a-z 0-9 _ . , - : @ ~ + = /');
  }
  if (!hasSegments(key)) {
    refuse('key_invalid', 'key: between slashes something other than . and .. is expected');
  }
}

/** Whether an entry can have this key: as `checkV2Key`. */
export function isV2Key(key: string): boolean {
  return isNarrowKey(key) || (WIDE_KEY.test(key) && hasSegments(key));
}

function hasSegments(key: string): boolean {
  return key.includes('/') ? key.split('/').every(isSegment) : isSegment(key);
}

function isSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..';
}

/** The beginning of a key of v2; may be empty. Throws `InvalidInputError` (code `prefix_invalid`). */
export function checkV2Prefix(prefix: string): void {
  if (!WIDE_PREFIX.test(prefix)) {
    refuse('prefix_invalid', 'prefix: expected at most 1024 of the characters A-Z a-z 0-9 _ . , - : @ ~ + = /');
  }
}

/** The beginning of a key of the original API; may be empty. Throws `InvalidInputError` (code `prefix_invalid`). */
export function checkKeyPrefix(prefix: string): void {
  if (!KEY_PREFIX.test(prefix)) {
    refuse('prefix_invalid', 'prefix: expected at most 1024 of the characters a-z A-Z 0-9 _ . ,');
  }
}

function isName(text: string): boolean {
  // A code point takes one or two units: what is far too long is not counted.
  if (text === '' || text.length > 2 * NAME_CODE_POINTS || !text.isWellFormed()) return false;
  return text.length <= NAME_CODE_POINTS || [...text].length <= NAME_CODE_POINTS;
}

function refuse(code: string, message: string): never {
  throw new InvalidInputError(message, { code });
}
