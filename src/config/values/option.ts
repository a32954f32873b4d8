/** Kinds of options: how a text becomes a typed value. The options themselves are in `options.ts`. */

import { listOf, parseAddresses } from '../../base/addresses.ts';

/** What all kinds of options have. */
interface Described {
  /** What a value must look like, for messages: "an integer from 0 to 65535". */
  readonly expected: string;
  /** One sentence. */
  readonly doc: string;
  /** What to do about a text that `parse` refused, when the mistake is a known one. */
  readonly hint?: (text: string) => string | undefined;
  /**
   * Makes the text fit to be shown. Options that have it are secret: `<key>_file` and `KEYBIN_<SECTION>_<KEY>_FILE` are taken
   * as well and name a file that holds the value.
   */
  readonly mask?: (text: string) => string;
  /** Changes on SIGHUP, without a restart. */
  readonly live?: boolean;
}

/** How one option is read, checked and documented. `T` is the type of its value. */
export interface Option<T> extends Described {
  readonly type: 'text' | 'integer' | 'boolean' | 'list' | 'choice';
  readonly default: T;
  /** Typed value, or undefined when the text is not `expected`. */
  readonly parse: (text: string) => T | undefined;
}

/**
 * An option that is a whole section, the only one in it: every line there is `<label>=<text>` and gives one item of its value.
 * What is said above of an option holds for each line.
 */
export interface LinesOption<T> extends Described {
  readonly type: 'lines';
  readonly default: readonly (T & { readonly label: string })[];
  /**
   * What stands behind a label, typed, or undefined when the text is not `expected`. `directory` is that of the configuration file,
   * or the working directory where there is none.
   */
  readonly parse: (text: string, directory: string) => T | undefined;
  /** The text that `parse` reads as this. */
  write(item: T): string;
  /** A line for the documents; of a secret one that is refused, or somebody would keep it. */
  readonly example: string;
}

/** A pebibyte: more than any disk. */
export const MAX_BYTES = 1_125_899_906_842_624;

/** Stands for a secret wherever it would be shown. */
export const HIDDEN = '****';

interface Extra {
  live?: boolean;
}

interface TextExtra extends Extra {
  expected?: string;
  parse?: (text: string) => string | undefined;
  hint?: (text: string) => string | undefined;
  mask?: (text: string) => string;
}

/** Any text but the empty one, unless `parse` is stricter. */
export function text(fallback: string, doc: string, extra: TextExtra = {}) {
  const anything = (value: string): string | undefined => value || undefined;
  return {
    type: 'text',
    default: fallback,
    expected: 'a text',
    doc,
    parse: anything,
    ...extra,
  } satisfies Option<string>;
}

/** A secret that need not be given: the empty text is none. */
export function secret(doc: string, expected: string, fits: (text: string) => boolean) {
  return text('', doc, {
    expected: `${expected}; empty is none`,
    parse: value => (value === '' || fits(value) ? value : undefined),
    mask: value => (value === '' ? '' : HIDDEN),
  });
}

/** A whole number in decimal digits. */
export function integer(fallback: number, min: number, max: number, doc: string, extra: Extra = {}) {
  const parse = (value: string) => {
    const n = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
    return n >= min && n <= max ? n : undefined;
  };
  const expected = `an integer from ${min} to ${max}`;
  return { type: 'integer', default: fallback, expected, doc, parse, ...extra } satisfies Option<number>;
}

/** The words Python's configparser knows, in any letter case. */
const TRUE = ['true', 'yes', 'on', '1'];
const FALSE = ['false', 'no', 'off', '0'];

/** A switch. */
export function boolean(fallback: boolean, doc: string, extra: Extra = {}) {
  const parse = (value: string) => {
    const word = value.toLowerCase();
    if (TRUE.includes(word)) return true;
    return FALSE.includes(word) ? false : undefined;
  };
  const expected = 'true or false (also yes, no, on, off, 1, 0)';
  return { type: 'boolean', default: fallback, expected, doc, parse, ...extra } satisfies Option<boolean>;
}

/** One of some words, in any letter case. */
export function choice<const C extends string>(
  choices: readonly C[],
  fallback: NoInfer<C>,
  doc: string,
  extra: Extra = {},
) {
  const parse = (value: string) => choices.find(c => c === value.toLowerCase());
  const expected = `one of ${choices.join(', ')}`;
  return { type: 'choice', default: fallback, expected, doc, parse, ...extra } satisfies Option<C>;
}

/** IP addresses and CIDR ranges; none is fine. */
export function addresses(doc: string) {
  const expected = 'IP addresses or CIDR ranges, separated by commas';
  return {
    type: 'list',
    default: [] as readonly string[],
    expected,
    doc,
    parse: parseAddresses,
  } satisfies Option<readonly string[]>;
}

/** Origins of pages as browsers write them, or `*` alone for every one; none is fine. */
export function origins(doc: string, extra: Extra = {}) {
  const parse = (value: string): readonly string[] | undefined => {
    const list = listOf(value).map(asOrigin);
    if (list.includes('*') && list.length > 1) return undefined;
    return list.every(item => item !== undefined) ? list : undefined;
  };
  const hint = (value: string): string | undefined => {
    const list = listOf(value);
    const wrong = list.find(item => asOrigin(item) === undefined);
    if (wrong === undefined) return '`*` is every origin: take the others out';
    if (wrong === 'null') return '`null` is what files and sandboxes of anybody send: only `*` lets it in';
    const origin = [`https://${wrong}`, /^[\w+.-]+:\/\/[^/?#@]+/.exec(wrong)?.[0] ?? ''].find(text => asOrigin(text));
    return origin === undefined ? undefined : `for ${JSON.stringify(wrong)} write \`${origin}\``;
  };
  const expected = '`*`, or origins (`https://host`, `https://host:port`) without a path, separated by commas';
  return {
    type: 'list',
    default: [] as readonly string[],
    expected,
    doc,
    parse,
    hint,
    ...extra,
  } satisfies Option<readonly string[]>;
}

/** The origin as browsers write it, or undefined. Not all are of http: applications and extensions have schemes of their own. */
function asOrigin(text: string): string | undefined {
  if (text === '*') return text;
  const [, scheme = ''] = /^([A-Za-z][\w+.-]*):\/\/[^\s/?#@\\*]+$/.exec(text) ?? [];
  if (scheme === '' || !URL.canParse(text)) return undefined;
  return /^https?$/i.test(scheme) ? new URL(text).origin : text.toLowerCase();
}
