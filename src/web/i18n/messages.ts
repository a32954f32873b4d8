/** What pages say, in each language. */

import type { Language } from '../../base/language.ts';
import { en } from './en/index.ts';
import type { Message, Messages } from './message.ts';
import { ru } from './ru/index.ts';

/** All messages of both languages; a test holds their keys equal. */
export const messages: Readonly<Record<Language, Messages>> = { en, ru };

/** Looks up a message by `subject.name` and fills in its values. They are escaped later, with the whole. */
export type Translate = (key: string, values?: Readonly<Record<string, string | number>>) => string;

const numbers: Readonly<Record<Language, Intl.NumberFormat>> = {
  en: new Intl.NumberFormat('en'),
  ru: new Intl.NumberFormat('ru'),
};

const rules: Readonly<Record<Language, Intl.PluralRules>> = {
  en: new Intl.PluralRules('en'),
  ru: new Intl.PluralRules('ru'),
};

/** The messages of a language. A key that there is not is given back as it is: a test looks for those. */
export function translator(language: Language): Translate {
  return (key, values = {}) => {
    const message = messageOf(language, key);
    if (message === undefined) return key;
    const text = typeof message === 'string' ? message : chosen(language, message, values.count);
    return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
      const value = values[name];
      if (value === undefined) return hole;
      return typeof value === 'number' ? numbers[language].format(value) : isolated(value);
    });
  };
}

/** What runs from right to left, or turns the direction of what follows. */
const TURNING =
  /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;

/** A value between marks that keep its direction to itself, where it could disturb the words around it. */
export function isolated(value: string): string {
  return TURNING.test(value) ? `\u2068${value.replace(CONTROLS, '')}\u2069` : value;
}

/** Whether there is such a message. */
export function hasMessage(key: string): boolean {
  return messageOf('en', key) !== undefined;
}

function messageOf(language: Language, key: string): Message | undefined {
  const [subject = '', name = ''] = key.split('.', 2);
  const of = Object.hasOwn(messages[language], subject) ? messages[language][subject] : undefined;
  return of && Object.hasOwn(of, name) ? of[name] : undefined;
}

function chosen(language: Language, message: Exclude<Message, string>, count: unknown): string {
  return message[rules[language].select(Number(count ?? 0))] ?? message.other;
}
