import { languages } from '../../base/language.ts';
import { redirect } from '../../http/browser/below.ts';
import { setCookie } from '../../http/browser/cookies.ts';
import { LANGUAGE_COOKIE } from '../../http/browser/language.ts';
import type { Route } from '../../http/routing.ts';
import type { Web } from '../context.ts';
import { openForm } from '../routes.ts';

const YEAR = 31_536_000;

/** A path of this server as a page names it: nothing that a browser takes for another host. */
const LOCAL = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/;

/** Chooses the language of pages; `system` is the browser's. */
export function localeRoutes(web: Web): Route[] {
  return [
    openForm(web, '/locale', ['locale', 'from'], async (ctx, { locale, from }) => {
      const chosen = languages.some(language => language === locale);
      const options = { path: '/', httpOnly: true, sameSite: 'Lax', secure: web.origin.isSecure(ctx) } as const;
      setCookie(ctx, LANGUAGE_COOKIE, chosen ? locale : '', { ...options, maxAge: chosen ? YEAR : 0 });
      redirect(ctx, LOCAL.test(from) ? from : '/', 303);
    }),
  ];
}
