/**
 * JSON as it is written: `JSON.parse` tells neither `1.0` from `1` nor 369553424691494913 from its neighbours. All texts here
 * must have been parsed before: they are not checked again.
 */

import { eachInSlices } from '../slices.ts';

/** A member of a JSON object or list. */
export interface JsonMember {
  /** Its name, decoded; '' in a list. */
  readonly name: string;
  /** Its value, as it is written, without blanks around it. */
  readonly text: string;
  /** How deep lists and objects nest in the value: 0 for a text or a number. */
  readonly depth: number;
}

/** Characters after which there is a moment to pause. */
const STRETCH = 65_536;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * The members of an object or a list, in their order and however often a name comes; undefined now and then, as a moment to let
 * others have their turn. What is neither has none. Looks at each character once.
 */
export function* membersOf(json: string): Generator<JsonMember | undefined> {
  const start = firstInk(json, 0);
  if (!isOpening(json.charCodeAt(start))) return;
  let member = { from: start + 1, name: '', depth: 0 };
  let depth = 1;
  let pause = start + STRETCH;
  for (let at = nextMark(json, start + 1); depth > 0; at = nextMark(json, at + 1)) {
    const mark = json.charCodeAt(at);
    if (mark === QUOTE) {
      at = endOfText(json, at, at + STRETCH);
      if (isEscaped(json, at)) at = yield* restOfText(json, at);
    } else if (isOpening(mark)) member.depth = Math.max(member.depth, depth++);
    else if (isClosing(mark)) depth--;
    else if (depth === 1 && mark === COLON) {
      member.name = nameOf(json.slice(member.from, at).trim());
      member.from = at + 1;
    }
    if (depth === 0 || (depth === 1 && mark === COMMA)) {
      yield finished(json, member, at);
      member = { from: at + 1, name: '', depth: 0 };
    }
    if (at < pause) continue;
    pause = at + STRETCH;
    yield undefined;
  }
}

/** The member that ends there; undefined when nothing is in it. */
function finished(json: string, { from, name, depth }: { from: number; name: string; depth: number }, at: number) {
  const text = json.slice(from, at).trim();
  return text === '' ? undefined : { name, text, depth };
}

/** Where a long text has its closing quote, from a quote within it. */
function* restOfText(json: string, quote: number): Generator<undefined, number> {
  let at = quote;
  while (isEscaped(json, at)) {
    yield undefined;
    at = endOfText(json, at, at + STRETCH);
  }
  return at;
}

/** What a text in quotes says. */
function nameOf(quoted: string): string {
  return quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
}

/** The value that an object has under a name, as it is written; of several the last, as in `JSON.parse`. Done in slices. */
export async function memberText(json: string, name: string): Promise<string | undefined> {
  let text: string | undefined;
  await eachInSlices(membersOf(json), member => {
    if (member?.name === name) text = member.text;
  });
  return text;
}

/** The same JSON without blanks between its parts; undefined when it has more than `limit` characters even so. */
export function compact(json: string, limit: number): string | undefined {
  if (!/[ \t\r\n]/.test(json)) return json.length > limit ? undefined : json;
  let text = '';
  let from = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) at = endOfText(json, at);
    else if (isBlank(character)) {
      text += json.slice(from, at);
      at = firstInk(json, at) - 1;
      from = at + 1;
      if (text.length > limit) return undefined;
    }
  }
  text += json.slice(from);
  return text.length > limit ? undefined : text;
}

/** Where the next quote, bracket, comma or colon is, outside of a text; the length when there is none. */
function nextMark(json: string, start: number): number {
  for (let at = start; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === QUOTE || character === COMMA || character === COLON) return at;
    if (isOpening(character) || isClosing(character)) return at;
  }
  return json.length;
}

/** Where the text that begins at `start` has its closing quote; or a quote within it, behind `stop`. */
function endOfText(json: string, start: number, stop = Number.POSITIVE_INFINITY): number {
  let at = quoteBehind(json, start);
  while (at < stop && isEscaped(json, at)) at = quoteBehind(json, at);
  return at;
}

/** The length when there is none. */
function quoteBehind(json: string, start: number): number {
  const at = json.indexOf('"', start + 1);
  return at < 0 ? json.length : at;
}

/** Whether a quote is part of the text in which it stands. */
function isEscaped(json: string, quote: number): boolean {
  if (quote >= json.length) return false;
  let before = quote - 1;
  while (json.charCodeAt(before) === BACKSLASH) before--;
  return (quote - before) % 2 === 0;
}

function firstInk(json: string, start: number): number {
  let at = start;
  while (isBlank(json.charCodeAt(at))) at++;
  return at;
}

function isBlank(character: number): boolean {
  return character === SPACE || character === LINE_FEED || character === CARRIAGE_RETURN || character === TAB;
}

/** `{` or `[`: they differ in one bit from each other, and the closing ones in another. */
function isOpening(character: number): boolean {
  return (character | 0x20) === 0x7b;
}

function isClosing(character: number): boolean {
  return (character | 0x20) === 0x7d;
}
