/** Documents as JSON, exactly: what JSON has no form for is an object with one member whose name begins with `$` (docs/backup-format.md). */

import type { AnyDoc } from '../storage/port.ts';

/** Written for numbers that JSON does not have. */
const NUMBERS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

/** A document as one line of JSON. Its own fields are in order, so that equal documents have equal texts, whichever engine they come from. */
export function encodeDoc(doc: AnyDoc): string {
  const encoded: Record<string, unknown> = {};
  for (const field of Object.keys(doc).sort()) if (doc[field] !== undefined) put(encoded, field, encode(doc[field]));
  return JSON.stringify(encoded);
}

/** The document that a JSON object stands for, which may become that document. Throws when it stands for none. */
export function decodeDoc(json: unknown): AnyDoc {
  if (!isObject(json)) throw new Error('a document is no object');
  return decodeMembers(json);
}

/** As JSON has it. Throws for what no document holds: a function, a symbol. */
export function encode(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: nameOf(value) };
    case 'bigint':
      return { $bigint: String(value) };
    case 'undefined':
      return { $undefined: true };
    case 'object':
      return value === null ? null : encodeObject(value);
    default:
      throw new Error(`a ${typeof value} cannot be written`);
  }
}

function encodeObject(value: object): unknown {
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof Uint8Array) return { $bytes: bufferOf(value).toString('base64') };
  if (Array.isArray(value)) return Array.from(value, encode);
  const plain = members(value as AnyDoc, encode);
  return Object.keys(plain).some(name => name.startsWith('$')) ? { $object: plain } : plain;
}

function nameOf(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** What JSON of {@link encode} stands for; the JSON itself may become that. Throws when it stands for nothing. */
export function decode(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(decode);
  for (const name in json) {
    if (name.startsWith('$')) return tagged(name, (json as AnyDoc)[name]);
  }
  return decodeMembers(json as AnyDoc);
}

/** In place: most members stand for themselves. A member that is there keeps its name, also when that is `__proto__`. */
function decodeMembers(json: AnyDoc): AnyDoc {
  const object = json as Record<string, unknown>;
  for (const name in object) {
    const value = object[name];
    if (typeof value === 'object' && value !== null) object[name] = decode(value);
  }
  return object;
}

function tagged(name: string, value: unknown): unknown {
  if (name === '$date' && (typeof value === 'string' || value === null)) return new Date(value ?? Number.NaN);
  if (name === '$bytes' && typeof value === 'string') return new Uint8Array(Buffer.from(value, 'base64'));
  if (name === '$bigint' && typeof value === 'string') return BigInt(value);
  if (name === '$number' && typeof value === 'string' && Object.hasOwn(NUMBERS, value)) return NUMBERS[value];
  if (name === '$undefined') return undefined;
  if (name === '$object' && isObject(value)) return decodeMembers(value);
  throw new Error(`${name} stands for nothing that is known`);
}

function members(object: AnyDoc, change: (value: unknown) => unknown): AnyDoc {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(object)) put(result, name, change(object[name]));
  return result;
}

/** A member may be called `__proto__`: to assign that would make it something else. */
function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function isObject(value: unknown): value is AnyDoc {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
