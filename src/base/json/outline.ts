/** A look at JSON before it is parsed: in linear time, and without making anything of it but a few numbers. */

import { InvalidInputError } from '../errors.ts';

/** How much JSON may be. */
export interface JsonLimits {
  /** Lists and objects inside one another, the outermost included. */
  readonly depth: number;
  /** Texts, numbers, `true`, `false`, `null`, lists and objects together. */
  readonly values: number;
  /** The error for more than that; where there is none, an `InvalidInputError` with the code `json_invalid`. */
  readonly refusal?: (message: string, exceeded: 'depth' | 'values') => Error | undefined;
}

/** A long list or object, in parts. The bytes at `open` and `close` are its brackets. */
export interface LongContainer {
  readonly isObject: boolean;
  readonly open: number;
  readonly close: number;
  readonly parts: readonly Part[];
}

/** A long text. The bytes at `open` and `close` are its quotes. */
export interface LongText {
  readonly open: number;
  readonly close: number;
}

/**
 * Whole members in the bytes from `from` up to `to`, with the commas between them; or, with `long`, one member that is a long
 * container or text, and the bytes before it (its name).
 */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly long?: LongContainer | LongText;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** A list or object that is not closed yet. */
interface Frame {
  isObject: boolean;
  open: number;
  /** Where what is not in a part yet begins. */
  rest: number;
  /** Where the last member begins. */
  member: number;
  parts: Part[];
  /** The last member was long: nothing but a comma or the end may follow. */
  afterLong: boolean;
}

/**
 * Goes over the bytes of JSON whose first byte that is not blank opens a list or an object. What is wrong with them otherwise
 * is for `JSON.parse` to find; brackets that do not fit are found here.
 */
export class JsonOutline {
  /** Where the outermost container is closed, once it is. */
  end: number | undefined;
  /** The outermost container, if it is long. */
  long: LongContainer | undefined;
  readonly #bytes: Uint8Array;
  readonly #limits: JsonLimits;
  /** Bytes of a container or of a part that are too many to be parsed at once. */
  readonly #longFrom: number;
  /** One for each depth, used again and again. */
  readonly #frames: Frame[] = [];
  #depth = 0;
  #values = 1;
  #quoted = false;
  /** Where the last text begins. */
  #quote = 0;
  /** A container was opened, and nothing was found in it yet. */
  #empty = false;
  #at: number;

  constructor(bytes: Uint8Array, start: number, limits: JsonLimits, longFrom: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#limits = limits;
    this.#longFrom = longFrom;
  }

  /**
   * Looks at `count` bytes more, up to the end of the outermost container. Returns whether there is more to look at. Throws
   * `InvalidInputError` when the limits are exceeded or brackets do not fit.
   */
  look(count: number): boolean {
    const bytes = this.#bytes;
    const stop = Math.min(this.#at + count, bytes.length);
    let at = this.#at;
    for (; at < stop && this.end === undefined; at++) {
      const byte = bytes[at] as number;
      if (this.#quoted) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) this.#unquote(at);
        continue;
      }
      if (byte > SPACE) this.#meet(byte, at);
    }
    this.#at = at;
    return at < bytes.length && this.end === undefined;
  }

  /** Takes note of a byte that is neither in a text nor blank. */
  #meet(byte: number, at: number): void {
    const closes = byte === CLOSE_LIST || byte === CLOSE_OBJECT;
    if (this.#empty) {
      this.#empty = false;
      if (!closes) this.#count();
    }
    if (byte === QUOTE) {
      this.#quoted = true;
      this.#quote = at;
    } else if (byte === COMMA) this.#comma(at);
    else if (closes) this.#close(at, byte === CLOSE_OBJECT);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#open(at, byte === OPEN_OBJECT);
  }

  #unquote(close: number): void {
    this.#quoted = false;
    const open = this.#quote;
    const frame = this.#frames[this.#depth - 1];
    if (close - open < this.#longFrom || frame === undefined) return;
    if (frame.isObject && this.#isBlank(frame.member, open)) return; // it is a name
    putInto(frame, { open, close });
  }

  #count(): void {
    if (++this.#values > this.#limits.values) {
      this.#refuse(`the body holds more than ${this.#limits.values} values: send fewer at a time`, 'values');
    }
  }

  #open(at: number, isObject: boolean): void {
    if (this.#depth === this.#limits.depth) {
      this.#refuse(`the body nests deeper than ${this.#limits.depth}: send it flatter`, 'depth');
    }
    const frame = this.#frames[this.#depth++];
    this.#empty = true;
    if (frame === undefined) {
      const next = at + 1;
      this.#frames.push({ isObject, open: at, rest: next, member: next, parts: [], afterLong: false });
      return;
    }
    frame.isObject = isObject;
    frame.open = at;
    frame.rest = at + 1;
    frame.member = at + 1;
    frame.afterLong = false;
    if (frame.parts.length > 0) frame.parts = [];
  }

  #comma(at: number): void {
    this.#count();
    const frame = this.#frames[this.#depth - 1];
    if (frame === undefined) throw notJson();
    if (frame.afterLong) this.#demandBlank(frame.rest, at);
    else if (at - frame.rest < this.#longFrom) {
      frame.member = at + 1;
      return;
    } else frame.parts.push({ from: frame.rest, to: at });
    frame.afterLong = false;
    frame.rest = at + 1;
    frame.member = at + 1;
  }

  #close(at: number, isObject: boolean): void {
    const frame = this.#frames[--this.#depth];
    if (frame === undefined || frame.isObject !== isObject) throw notJson();
    const isLong = frame.parts.length > 0 || at - frame.open >= this.#longFrom;
    if (this.#depth === 0) this.end = at + 1;
    if (!isLong) return;
    if (frame.afterLong) this.#demandBlank(frame.rest, at);
    else frame.parts.push({ from: frame.rest, to: at });
    const long = { isObject, open: frame.open, close: at, parts: frame.parts };
    const around = this.#frames[this.#depth - 1];
    if (around === undefined) this.long = long;
    else putInto(around, long);
  }

  #demandBlank(from: number, to: number): void {
    if (!this.#isBlank(from, to)) throw notJson();
  }

  #isBlank(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (!isBlank(this.#bytes[at] as number)) return false;
    return true;
  }

  #refuse(message: string, exceeded: 'depth' | 'values'): never {
    throw this.#limits.refusal?.(message, exceeded) ?? new InvalidInputError(message, { code: 'json_invalid' });
  }
}

/** Members before it become a part of their own. */
function putInto(around: Frame, long: LongContainer | LongText): void {
  if (around.afterLong) throw notJson();
  if (around.member > around.rest) around.parts.push({ from: around.rest, to: around.member - 1 });
  around.parts.push({ from: around.member, to: long.open, long });
  around.rest = long.close + 1;
  around.member = around.rest;
  around.afterLong = true;
}

/** Whether JSON may have this byte between its values. */
export function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The error for what is not JSON. */
export function notJson(hint = ''): InvalidInputError {
  return new InvalidInputError(`the body is not valid JSON${hint}`, { code: 'json_invalid' });
}
