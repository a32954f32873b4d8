/** JSON of strangers: looked through before it is parsed, and parsed so that nobody has to wait for it. */

import { InvalidInputError } from '../errors.ts';
import { inSlices, type Slices } from '../slices.ts';
import { isBlank, type JsonLimits, JsonOutline, type LongContainer, notJson, type Part } from './outline.ts';
import { longText, type TextOf, type Way } from './text.ts';

/** Bytes that are parsed at once: some milliseconds for the worst there is. */
const AT_ONCE = 65_536;

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/** There is more behind a JSON object. */
export class TrailingJsonError extends InvalidInputError {
  constructor() {
    super('the body goes on behind its JSON object', { code: 'json_invalid' });
  }
}

/**
 * The value of JSON text in UTF-8, the same that `JSON.parse` gives. Long work is done in slices: `atOnce` bytes are parsed at
 * once, and only a single number or name, or what is nothing but a text, may be longer. Throws `InvalidInputError` (code `json_invalid`), what the limits say for what exceeds them,
 * and, as a kind of it, `TrailingJsonError`. `textOf` makes a value of the pieces of a long text.
 */
export async function parseJson(
  bytes: Buffer,
  limits: JsonLimits,
  atOnce = AT_ONCE,
  textOf: TextOf = pieces => pieces.join(''),
): Promise<unknown> {
  let start = 0;
  while (start < bytes.length && isBlank(bytes[start] as number)) start++;
  const first = bytes[start];
  // Anything else is one text or number, or is found to be wrong at its beginning.
  if (first !== OPEN_LIST && first !== OPEN_OBJECT) return parse(bytes.toString());

  const outline = new JsonOutline(bytes, start, limits, atOnce);
  const slices = inSlices();
  while (outline.look(atOnce)) if (slices.over()) await slices.pause();
  const { end, long } = outline;
  if (end === undefined) throw notJson();
  const value = long
    ? await join(bytes, long, slices, { atOnce, parse, textOf })
    : parse(bytes.toString('utf8', start, end));
  for (let at = end; at < bytes.length; at++) {
    if (!isBlank(bytes[at] as number)) throw first === OPEN_OBJECT ? new TrailingJsonError() : notJson();
  }
  return value;
}

/** The value of JSON text that the server itself wrote, and kept flat: parsed in slices as well. */
export function parseOwnJson(text: string): Promise<unknown> {
  return parseJson(Buffer.from(text), { depth: Number.POSITIVE_INFINITY, values: Number.POSITIVE_INFINITY });
}

/** The value of a long container, put together from its parts. */
async function join(bytes: Buffer, long: LongContainer, slices: Slices, way: Way): Promise<unknown> {
  const joined = long.isObject ? {} : [];
  for (const part of long.parts) {
    if (slices.over()) await slices.pause();
    const text = bytes.toString('utf8', part.from, part.to);
    const members = await membersOf(bytes, long, part, text, slices, way);
    // Where there is another part there is a comma, and on both sides of that has to be something.
    if (take(joined, members) === 0 && long.parts.length > 1) throw notJson();
  }
  return joined;
}

/** The members in a part, in a container like the one they are from. */
async function membersOf(
  bytes: Buffer,
  { isObject }: LongContainer,
  { long }: Part,
  text: string,
  slices: Slices,
  way: Way,
): Promise<object> {
  if (long === undefined) return parse(isObject ? `{${text}}` : `[${text}]`) as object;
  // What stands before the value has to be right before any other as well.
  const member = parse(isObject ? `{${text}[]}` : `[${text}[]]`) as Record<string, unknown>;
  const [name = ''] = Object.keys(member);
  const value = 'parts' in long ? join(bytes, long, slices, way) : longText(bytes, long, slices, way);
  setMember(member, name, await value);
  return member;
}

/** Puts the members of one container into another of its kind, behind those that it has. Returns how many there were. */
function take(into: object, members: object): number {
  if (Array.isArray(into) && Array.isArray(members)) {
    for (const member of members) into.push(member);
    return members.length;
  }
  const names = Object.keys(members);
  for (const name of names) setMember(into, name, (members as Record<string, unknown>)[name]);
  return names.length;
}

/** As `JSON.parse` does it, for `__proto__` too. */
function setMember(object: object, name: string, value: unknown): void {
  if (name !== '__proto__') (object as Record<string, unknown>)[name] = value;
  else Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}
