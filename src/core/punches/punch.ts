import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import { compact, membersOf } from '../../base/json/source.ts';
import type { PunchFigures } from './collection.ts';

/** Longest punch, as bytes of its JSON text. */
const PUNCH_BYTES = 1_048_576;

/** Longest project, in characters. */
const PROJECT_LENGTH = 500;

/** The last moment of a JavaScript date, in milliseconds. */
const LAST_TIME = 8_640_000_000_000_000;

/** How deep fields of a client's own may nest; those of a comment are in an object in a list. */
const MAX_DEPTH = 1000;
const COMMENTS_DEPTH = MAX_DEPTH + 2;

/** What is filled in where a client leaves it out. */
const OPTIONAL = ['out', 'rate', 'comments', 'created'];

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A punch as it is stored. `body` is its JSON text as it was sent, with what the client may leave out filled in. */
export interface Punch {
  readonly id: string;
  readonly updated: number;
  readonly body: string;
  readonly figures: PunchFigures;
}

/** Whether a punch can have this id. */
export function isPunchId(id: string): boolean {
  return UUID.test(id);
}

/**
 * A punch that was sent, as it is stored; `json` is its text, which was parsed before. Throws `InvalidInputError` (code
 * `punches_invalid`) that names the place of what breaks a rule, never what stands there; `PayloadTooLargeError`.
 */
export function readPunch(punch: unknown, json: string, place: string): Punch {
  if (!isObject(punch)) refuse(place, 'expected an object');
  const { id, project, in: start, out, rate, comments, created, updated } = punch;
  if (typeof id !== 'string' || !isPunchId(id)) refuse(`${place}.id`, 'expected a UUID');
  checkProject(project, place);
  checkTime(start, `${place}.in`);
  if (out !== undefined && out !== null) {
    checkTime(out, `${place}.out`);
    if (out < start) refuse(`${place}.out`, 'must not be before in');
  }
  if (rate !== undefined && rate !== null) checkRate(rate, place);
  if (comments !== undefined) checkComments(comments, `${place}.comments`);
  if (created !== undefined) checkTime(created, `${place}.created`);
  checkTime(updated, `${place}.updated`);
  const end = out == null ? { running: 1 as const } : { out };
  const figures = { start, project, ...end, ...(typeof rate === 'number' && rate > 0 && { rate }) };
  return { id, updated, body: bodyOf(json, place), figures };
}

/**
 * What was sent, and not what `JSON.parse` made of it: a number may be longer than a computer's, and of a name that comes twice
 * only the last value counts. What is filled in does not count against the client.
 */
function bodyOf(json: string, place: string): string {
  const sent = compact(json, PUNCH_BYTES);
  if (sent === undefined || Buffer.byteLength(sent) > PUNCH_BYTES)
    throw new PayloadTooLargeError(PUNCH_BYTES, {}, place);
  const fields = new Map<string, string>();
  let members = 0;
  for (const member of membersOf(sent)) {
    if (member === undefined) continue;
    members++;
    const { name, text, depth } = member;
    if (depth > (name === 'comments' ? COMMENTS_DEPTH : MAX_DEPTH)) refuse(place, `nests deeper than ${MAX_DEPTH}`);
    fields.set(name, text);
  }
  const isWhole = members === fields.size && OPTIONAL.every(name => fields.has(name)) && fields.get('rate') !== 'null';
  if (isWhole) return sent;
  if (!fields.has('out')) fields.set('out', 'null');
  if ((fields.get('rate') ?? 'null') === 'null') fields.set('rate', '0');
  if (!fields.has('comments')) fields.set('comments', '[]');
  if (!fields.has('created')) fields.set('created', fields.get('in') ?? '');
  return `{${Array.from(fields, ([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}

function checkProject(project: unknown, place: string): asserts project is string {
  const fits = typeof project === 'string' && project !== '' && isAtMost(project, PROJECT_LENGTH);
  if (!fits) refuse(`${place}.project`, `expected a text of 1 to ${PROJECT_LENGTH} characters`);
}

/** A character takes one or two UTF-16 units: what is far too long is not counted. */
function isAtMost(text: string, length: number): boolean {
  return text.length <= length || (text.length <= 2 * length && [...text].length <= length);
}

function checkRate(rate: unknown, place: string): void {
  if (typeof rate !== 'number' || !Number.isFinite(rate) || rate < 0) {
    refuse(`${place}.rate`, 'expected a number that is not negative');
  }
}

function checkComments(comments: unknown, place: string): void {
  if (!Array.isArray(comments)) refuse(place, 'expected an array');
  for (const [i, item] of comments.entries()) {
    const at = `${place}[${i}]`;
    if (!isObject(item)) refuse(at, 'expected an object');
    const { comment, timestamp } = item;
    if (typeof comment !== 'string' || comment === '') refuse(`${at}.comment`, 'expected a text that is not empty');
    checkTime(timestamp, `${at}.timestamp`);
  }
}

function checkTime(time: unknown, place: string): asserts time is number {
  if (typeof time !== 'number' || !(time >= 0 && time <= LAST_TIME)) {
    refuse(place, `expected milliseconds since 1970, from 0 to ${LAST_TIME}`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws `InvalidInputError` (code `punches_invalid`). */
export function refuse(place: string, rule: string): never {
  throw new InvalidInputError(`${place}: ${rule}`, { code: 'punches_invalid' });
}
