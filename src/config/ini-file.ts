/** Reads a configuration file line by line, so that everything that is said about it can name its line. */

import { unsafe } from 'ini';

/** One `key=value`. Section names are upper case, keys lower case. */
export interface IniEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** What is in a file, and what could not be read. Problems never quote a line: it may hold a secret. */
export interface IniFile {
  readonly sections: ReadonlyMap<string, number>;
  readonly entries: readonly IniEntry[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

const BLANK = /^\s*([;#].*)?$/;
const SECTION = /^\s*\[\s*([\w.-]+)\s*\]\s*([;#].*)?$/;
const KEY = /^\s*([\w.-]+(?: +[\w.-]+)*)\s*[=:](.*)$/;
const QUOTED = /^\s*("(?:[^"\\]|\\.)*"|'[^']*')\s*(?:\s[;#].*)?$/;

/**
 * Takes what Python's configparser takes (`:` for `=`, names in any letter case) and what the `ini` package takes (quotes,
 * `\;`, `\#`, comments behind a value), with one difference to the latter: `;` and `#` begin a comment only after a space,
 * else they belong to the value and never cut it off.
 */
export function readIniFile(text: string): IniFile {
  const sections = new Map<string, number>();
  const entries: IniEntry[] = [];
  const problems: { line: number; message: string }[] = [];
  const first = new Map<string, number>();
  let section: string | undefined;

  text.split(/\r\n|\n|\r/).forEach((content, index) => {
    const line = index + 1;
    if (BLANK.test(content)) return;
    const [, name] = SECTION.exec(content) ?? [];
    if (name !== undefined) {
      section = name.toUpperCase();
      if (!sections.has(section)) sections.set(section, line);
      return;
    }
    const [, key = '', raw = ''] = KEY.exec(content)?.map((part, i) => (i === 1 ? part.toLowerCase() : part)) ?? [];
    const value = key === '' ? undefined : readValue(raw);
    const before = first.get(`${section}.${key}`);
    if (key === '')
      problems.push({ line, message: 'expected `[SECTION]`, `key=value`, or a comment after `;` or `#`' });
    else if (value === undefined)
      problems.push({ line, message: `the quotes around the value of ${key} do not match` });
    else if (section === undefined) problems.push({ line, message: `${key} stands before the first [SECTION]` });
    else if (before !== undefined)
      problems.push({ line, message: `[${section}] ${key} is given twice, first in line ${before}` });
    else {
      first.set(`${section}.${key}`, line);
      entries.push({ section, key, value, line });
    }
  });
  return { sections, entries, problems };
}

/** The value behind `=`, or undefined when it begins with a quote that does not end. */
function readValue(raw: string): string | undefined {
  const quoted = QUOTED.exec(raw)?.[1];
  if (quoted?.startsWith("'")) return quoted.slice(1, -1);
  if (quoted !== undefined) return readDoubleQuoted(quoted);
  if (/^\s*["']/.test(raw)) return undefined;
  return unsafe(raw.replace(/\\.|(?<!\s)[;#]/g, found => (found.length > 1 ? found : `\\${found}`)));
}

/** `ini` reads such a value as JSON text and gives anything else back as it is. */
function readDoubleQuoted(quoted: string): string | undefined {
  const value = unsafe(quoted);
  return value === quoted ? undefined : value;
}

/** Writes a value so that `readIniFile` gives it back. */
export function writeValue(value: string): string {
  const plain = value === value.trim() && !/^["']|\\|\s[;#]|^[;#]|[^\P{Cc}]/u.test(value);
  return plain ? value : JSON.stringify(value);
}
