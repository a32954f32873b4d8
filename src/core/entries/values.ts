/** Values of entries: checked and made storable, and back to JSON text. */

import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import { inSlices } from '../../base/slices.ts';
import type { EntryDoc } from '../collections.ts';
import { jsonText } from './json-text.ts';

const MAX_DEPTH = 1000;
/** `\u0000` is the longest that JSON makes of one UTF-16 unit. */
const MAX_ESCAPE = 6;
/** Members of a value that is written at once. */
const FEW = 10_000;

/** A value as an entry holds it. `size` is in bytes of `value`. */
export type StoredValue = Required<Pick<EntryDoc, 'size'>> & { value: string; encoding?: 'json' };

/**
 * Makes a JSON value storable: a string as it is, anything else as JSON text. `limit` is in bytes of the JSON text. Throws
 * `InvalidInputError` (code `value_invalid`) for what cannot be kept unaltered, `PayloadTooLargeError`.
 */
export async function storeValue(value: unknown, limit: number): Promise<StoredValue> {
  if (typeof value === 'string') {
    checkText(value);
    if (!fits(value, limit)) throw new PayloadTooLargeError(limit);
    return { value, size: Buffer.byteLength(value) };
  }
  const { members, negativeZero } = await checkJson(value);
  // `JSON.stringify` writes -0 as 0.
  const text = negativeZero || members > FEW ? await jsonText(value) : JSON.stringify(value);
  const size = Buffer.byteLength(text);
  if (size > limit) throw new PayloadTooLargeError(limit);
  return { value: text, encoding: 'json', size };
}

/** The value as JSON text, whoever wrote the entry. */
export function valueAsJson({ value, encoding }: EntryDoc): string {
  if (typeof value === 'string') return encoding === 'json' ? value : JSON.stringify(value);
  return foreignToJson(value);
}

/** Whether the string's JSON text is at most `limit` bytes. Counts only when the length leaves it open. */
function fits(text: string, limit: number): boolean {
  if (text.length * MAX_ESCAPE + 2 <= limit) return true;
  return text.length + 2 <= limit && Buffer.byteLength(JSON.stringify(text)) <= limit;
}

/** Goes level by level, in slices: a value that nests a million deep costs no stack. Tells what writing it depends on. */
async function checkJson(value: unknown): Promise<{ members: number; negativeZero: boolean }> {
  let negativeZero = false;
  let members = 0;
  let level = [value];
  const slices = inSlices();
  for (let depth = 0; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (++members % FEW === 0 && slices.over()) await slices.pause();
      if (typeof item === 'object' && item !== null) {
        if (depth === MAX_DEPTH) refuse(`value: nests deeper than ${MAX_DEPTH}`);
        addMembers(item, next);
      } else {
        checkScalar(item);
        negativeZero ||= Object.is(item, -0);
      }
    }
    level = next;
  }
  return { members, negativeZero };
}

function addMembers(item: object, into: unknown[]): void {
  if (Array.isArray(item)) {
    for (const child of item) into.push(child);
    return;
  }
  for (const name of Object.keys(item)) {
    checkText(name);
    into.push((item as Record<string, unknown>)[name]);
  }
}

function checkScalar(item: unknown): void {
  if (typeof item === 'string') checkText(item);
  else if (typeof item === 'number' ? !Number.isFinite(item) : typeof item !== 'boolean' && item !== null) {
    refuse('value: expected a JSON value; numbers up to 1.8e308');
  }
}

function checkText(text: string): void {
  if (!text.isWellFormed()) refuse('value: a lone surrogate cannot be stored as UTF-8');
}

/** The original service let MongoDB store any value as its own types. */
function foreignToJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(foreignToJson).join(',')}]`;
  if (isPlainObject(value)) {
    const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${foreignToJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refuse(message: string): never {
  throw new InvalidInputError(message, { code: 'value_invalid' });
}
