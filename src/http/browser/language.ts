import type { Context } from 'koa';
import { type Language, languages } from '../../base/language.ts';
import { readCookie } from './cookies.ts';

/** Where the language that somebody chose is remembered. */
export const LANGUAGE_COOKIE = 'verstak_locale';

/** The language for whoever sends a request: chosen on a page, else what the browser asks for, else `usual`, the server's. */
export function languageOf(ctx: Context, usual: Language): Language {
  // What asks for nothing, or for anything, gets the first.
  const offered = [usual, ...languages.filter(language => language !== usual)];
  return knownLanguage(readCookie(ctx, LANGUAGE_COOKIE)) ?? knownLanguage(ctx.acceptsLanguages(offered)) ?? usual;
}

/** The language of this name, if there is one. */
export function knownLanguage(name: unknown): Language | undefined {
  return languages.find(language => language === name);
}
