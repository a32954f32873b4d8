/** Whether bytes that come in pieces are JSON (RFC 8259): nothing is made of them, so that memory stays flat. */

/** Lists and objects inside one another: deeper than that is no JSON that others could read. */
const DEEPEST = 1000;

/** What may come next. */
const S = {
  value: 0,
  valueOrEnd: 1,
  name: 2,
  nameOrEnd: 3,
  colon: 4,
  after: 5,
  text: 6,
  escape: 7,
  hex: 8,
  literal: 9,
  minus: 10,
  zero: 11,
  digits: 12,
  point: 13,
  fraction: 14,
  exponent: 15,
  exponentSign: 16,
  exponentDigits: 17,
  wrong: 18,
} as const;

const LITERALS: Readonly<Record<number, string>> = { 116: 'rue', 102: 'alse', 110: 'ull' };

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, POINT, ZERO, NINE] = [
  0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e, 0x30, 0x39,
];

/** Where a number goes on to, by what comes: a digit, a zero, a point, `e`, a sign. */
const NUMBERS: Readonly<Record<number, readonly number[]>> = {
  [S.minus]: [S.digits, S.zero],
  [S.zero]: [S.wrong, S.wrong, S.point, S.exponent],
  [S.digits]: [S.digits, S.digits, S.point, S.exponent],
  [S.point]: [S.fraction, S.fraction],
  [S.fraction]: [S.fraction, S.fraction, S.wrong, S.exponent],
  [S.exponent]: [S.exponentDigits, S.exponentDigits, S.wrong, S.wrong, S.exponentSign],
  [S.exponentSign]: [S.exponentDigits, S.exponentDigits],
  [S.exponentDigits]: [S.exponentDigits, S.exponentDigits],
};

/** What a value may end in. */
const MAY_END: ReadonlySet<number> = new Set([S.after, S.zero, S.digits, S.fraction, S.exponentDigits]);

/** A look at bytes that may be JSON. Whether they are UTF-8 is not looked at. */
export class JsonCheck {
  #state: number = S.value;
  /** Of each open container whether it is an object. */
  readonly #open: boolean[] = [];
  /** The text that is read is the name of a member. */
  #isName = false;
  #hexLeft = 0;
  #literal = '';

  /** Looks at the next bytes; returns whether they can be JSON up to there. */
  look(bytes: Uint8Array): boolean {
    let state = this.#state;
    for (let at = 0; at < bytes.length && state !== S.wrong; at++) {
      const byte = bytes[at] as number;
      // What most bytes are of is not looked at more closely.
      if (state === S.text && byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) continue;
      if (state === S.digits && byte >= ZERO && byte <= NINE) continue;
      state = this.#next(byte, state);
    }
    this.#state = state;
    return state !== S.wrong;
  }

  /** Whether all that was looked at is JSON. */
  isWhole(): boolean {
    return this.#open.length === 0 && MAY_END.has(this.#state);
  }

  #inText(byte: number): number {
    if (byte === QUOTE) return this.#isName ? S.colon : S.after;
    if (byte === BACKSLASH) return S.escape;
    return byte < 0x20 ? S.wrong : S.text;
  }

  #next(byte: number, state: number): number {
    switch (state) {
      case S.text:
        return this.#inText(byte);
      case S.escape:
        return this.#escape(byte);
      case S.hex:
        if (!isHex(byte)) return S.wrong;
        return --this.#hexLeft === 0 ? S.text : S.hex;
      case S.literal:
        return this.#inLiteral(byte);
      default:
        return state >= S.minus ? this.#inNumber(byte, state) : this.#between(byte, state);
    }
  }

  #escape(byte: number): number {
    if (byte === 0x75) {
      this.#hexLeft = 4;
      return S.hex;
    }
    return '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? S.text : S.wrong;
  }

  #inLiteral(byte: number): number {
    if (byte !== this.#literal.charCodeAt(0)) return S.wrong;
    this.#literal = this.#literal.slice(1);
    return this.#literal === '' ? S.after : S.literal;
  }

  #inNumber(byte: number, state: number): number {
    const [digit, zero, point, exponent, sign] = NUMBERS[state] ?? [];
    if (byte > ZERO && byte <= NINE) return digit ?? S.wrong;
    if (byte === ZERO) return zero ?? S.wrong;
    if (byte === POINT) return point ?? S.wrong;
    if (byte === 0x65 || byte === 0x45) return exponent ?? S.wrong;
    if (byte === PLUS || byte === MINUS) return sign ?? S.wrong;
    return MAY_END.has(state) ? this.#between(byte, S.after) : S.wrong;
  }

  /** What stands between texts, numbers and literals. */
  #between(byte: number, state: number): number {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return state;
    const inObject = this.#open.at(-1);
    if (byte === 0x7d || byte === 0x5d) return this.#close(byte === 0x7d, state);
    if (state === S.after) return byte !== COMMA || inObject === undefined ? S.wrong : inObject ? S.name : S.value;
    if (state === S.colon) return byte === COLON ? S.value : S.wrong;
    const isName = state === S.name || state === S.nameOrEnd;
    if (byte === QUOTE) {
      this.#isName = isName;
      return S.text;
    }
    return isName ? S.wrong : this.#begin(byte);
  }

  #begin(byte: number): number {
    if (byte === 0x7b || byte === 0x5b) {
      if (this.#open.push(byte === 0x7b) > DEEPEST) return S.wrong;
      return byte === 0x7b ? S.nameOrEnd : S.valueOrEnd;
    }
    if (byte === MINUS) return S.minus;
    if (byte === ZERO) return S.zero;
    if (byte > ZERO && byte <= NINE) return S.digits;
    this.#literal = LITERALS[byte] ?? '';
    return this.#literal === '' ? S.wrong : S.literal;
  }

  #close(isObject: boolean, state: number): number {
    const fits = state === S.after || state === (isObject ? S.nameOrEnd : S.valueOrEnd);
    return fits && this.#open.pop() === isObject ? S.after : S.wrong;
  }
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}
