/** What pages say, in each language. */

import type { Language } from '../../base/language.ts';
import { en } from './en/index.ts';
import type { Message, Messages } from './message.ts';
import { ru } from './ru/index.ts';

/** All messages of both languages; a test holds their keys equal. */
export const messages: Readonly<Record<Language, Messages>> = { en, ru };

/** Looks up a message by `subject.name` and fills in its values. They are escaped later, with the whole. */
export type Translate = (key: string, values?: Readonly<Record<string, string | number>>) => string;

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
      return typeof value === 'number' ? value.toLocaleString(language) : value;
    });
  };
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
