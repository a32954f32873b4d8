import { InvalidInputError, PayloadTooLargeError } from '../../errors.ts';
import type { JsonObject } from '../../middleware/body.ts';

/** Longest punch, as bytes of its JSON text. */
const PUNCH_BYTES = 1_048_576;

/** Longest project, in characters. */
const PROJECT_LENGTH = 500;

/** The last moment of a JavaScript date, in milliseconds. */
const LAST_TIME = 8_640_000_000_000_000;

/** How deep fields of a client's own may nest. */
const MAX_DEPTH = 1000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PUNCH_FIELDS = new Set(['id', 'project', 'in', 'out', 'rate', 'comments', 'created', 'updated']);
const COMMENT_FIELDS = new Set(['comment', 'timestamp']);

/** A punch as it is stored. `body` is the JSON text of all of it, with what the client may leave out filled in. */
export interface Punch {
  readonly id: string;
  readonly updated: number;
  readonly body: string;
}

// Loops of its own, not a schema: thousands of punches in one body are normal, and every refusal names its place.

/**
 * `punches`: every one of them checked. Throws `InvalidInputError` (code `punches_invalid`) that names the first place that
 * breaks a rule, never what stands there; `PayloadTooLargeError`.
 */
export function readPunches({ punches }: JsonObject): Punch[] {
  if (!Array.isArray(punches)) refuse('punches', 'expected an array');
  return punches.map((punch, i) => readPunch(punch, `punches[${i}]`));
}

/**
 * `ids`: each once, in the order of the request, without those no punch can have. Throws `InvalidInputError` (code
 * `ids_invalid`).
 */
export function readIds({ ids }: JsonObject): string[] {
  if (!Array.isArray(ids)) throw new InvalidInputError('ids: expected an array', { code: 'ids_invalid' });
  const wrong = ids.findIndex(id => typeof id !== 'string');
  if (wrong >= 0) throw new InvalidInputError(`ids[${wrong}]: expected a string`, { code: 'ids_invalid' });
  return [...new Set<string>(ids)].filter(id => UUID.test(id));
}

function readPunch(punch: unknown, place: string): Punch {
  if (!isObject(punch)) refuse(place, 'expected an object');
  const { id, project, in: start, out, rate, comments, created, updated } = punch;
  if (typeof id !== 'string' || !UUID.test(id)) refuse(`${place}.id`, 'expected a UUID');
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
  checkOwnFields(punch, PUNCH_FIELDS, place);
  return { id, updated, body: bodyOf(punch, place) };
}

/** Spread and stringify keep every field of the client's own, `__proto__` too. */
function bodyOf(punch: JsonObject, place: string): string {
  const { out = null, rate, comments = [], created = punch.in } = punch;
  const body = JSON.stringify({ ...punch, out, rate: rate ?? 0, comments, created });
  // What is filled in does not count against the client.
  if (Buffer.byteLength(body) > PUNCH_BYTES && Buffer.byteLength(JSON.stringify(punch)) > PUNCH_BYTES) {
    throw new PayloadTooLargeError(PUNCH_BYTES, {}, place);
  }
  return body;
}

function checkProject(project: unknown, place: string): void {
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
    checkOwnFields(item, COMMENT_FIELDS, at);
  }
}

function checkTime(time: unknown, place: string): asserts time is number {
  if (typeof time !== 'number' || !(time >= 0 && time <= LAST_TIME)) {
    refuse(place, `expected milliseconds since 1970, from 0 to ${LAST_TIME}`);
  }
}

/** Refuses what could not be given back as it came: numbers that became infinite, and nesting without end. */
function checkOwnFields(object: JsonObject, known: ReadonlySet<string>, place: string): void {
  let level: unknown[] = [];
  for (const name of Object.keys(object)) if (!known.has(name)) level.push(object[name]);
  // Level by level: what nests a million deep costs no stack.
  for (let depth = 1; level.length > 0; depth++) {
    const next: unknown[] = [];
    for (const value of level) {
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
        refuse(place, 'expected numbers up to 1.8e308');
      }
      if (typeof value !== 'object' || value === null) continue;
      if (depth > MAX_DEPTH) refuse(place, `nests deeper than ${MAX_DEPTH}`);
      for (const member of Object.values(value)) next.push(member);
    }
    level = next;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(place: string, rule: string): never {
  throw new InvalidInputError(`${place}: ${rule}`, { code: 'punches_invalid' });
}
