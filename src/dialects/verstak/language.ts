import type { Context } from 'koa';
import type { Core } from '../../core/context.ts';
import { type Language, languages } from '../../core/mail/texts.ts';
import { readCookie } from '../../http/browser/cookies.ts';

/** The language for whoever sends a request: chosen on a page, else what the browser asks for, else the server's. */
export function languageOf({ settings }: Core, ctx: Context): Language {
  const usual = settings.language();
  // What asks for nothing, or for anything, gets the first.
  const offered = [usual, ...languages.filter(language => language !== usual)];
  return known(readCookie(ctx, 'verstak_locale')) ?? known(ctx.acceptsLanguages(offered)) ?? usual;
}

function known(name: unknown): Language | undefined {
  return languages.find(language => language === name);
}
