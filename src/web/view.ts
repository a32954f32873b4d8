/** Pages made of views: what every view can use, and the frame around it. */

import { fileURLToPath } from 'node:url';
import { Eta } from 'eta';
import type { Context } from 'koa';
import { CODE } from '../base/place.ts';
import type { Session } from '../core/access/sessions.ts';
import { below } from '../http/browser/below.ts';
import { readCookie } from '../http/browser/cookies.ts';
import { formCsrf } from '../http/browser/csrf.ts';
import { languageOf } from '../http/browser/language.ts';
import { answerPage } from '../http/browser/page.ts';
import { lists } from './columns.ts';
import type { WebDeps } from './deps.ts';
import { type Format, formatOf } from './format.ts';
import { escaped, Html, html } from './html.ts';
import { hasMessage, isolated, type Translate, translator } from './i18n/messages.ts';
import { navigation } from './navigation.ts';
import type { Assets } from './static.ts';

/** What a page is made of. */
export interface Page {
  /** A view without `.eta`. */
  readonly view: string;
  /** What the page is called, translated. */
  readonly title: string;
  /** 200 without it. */
  readonly status?: number;
  /** Where the navigation says that it is, when its address does not tell. */
  readonly at?: string;
  /** Who looks at it; absent: a stranger. */
  readonly session?: Session | undefined;
  /** What the view needs: it finds it in `it`. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Makes pages. */
export interface Pages {
  show(ctx: Context, page: Page): void;
  /** The messages for whoever sends the request. */
  t(ctx: Context): Translate;
  format(ctx: Context): Format;
}

/** What stands in `it` of every view, beside the page's own data, and can be used by its name alone. */
const HELPERS = ['t', 'path', 'asset', 'part', 'html', 'hidden', 'time', 'day', 'size', 'number', 'hours'];

/** Opens the views. */
export function openPages({ core, origin, settings, version }: WebDeps, assets: Assets): Pages {
  const eta = new Eta({
    views: fileURLToPath(new URL('web/views', CODE)),
    cache: true,
    escapeFunction: escaped,
    functionHeader: `const {${HELPERS.join()}} = it;`,
  });
  const language = (ctx: Context) => languageOf(ctx, core.settings.language());

  function helpers(ctx: Context, session: Session | undefined) {
    const lang = language(ctx);
    const format = formatOf(lang, core.clock.now());
    let csrf: string | undefined;
    const localeCsrf = () => {
      csrf ??= formCsrf(ctx, origin);
      return csrf;
    };
    const it = {
      ...format,
      lang,
      html,
      lists,
      version,
      serverName: core.settings.serverName(),
      session,
      account: session?.account,
      scope: session?.doc.scope,
      t: translator(lang),
      path: (to: string) => below(ctx, to),
      asset: (name: string) => below(ctx, assets.path(name)),
      /** The hidden field that a form needs, by whether it is for somebody who is signed in. */
      hidden: (stranger = session === undefined) =>
        stranger
          ? html`<input type="hidden" name="locale_csrf" value="${localeCsrf()}">`
          : html`<input type="hidden" name="csrf_token" value="${readCookie(ctx, 'csrf_token') ?? ''}">`,
      // Rows have parts, too: to copy all of it for each would take longer than to write them.
      part: (name: string, data: object = {}): Html =>
        new Html(eta.render(`./parts/${name}`, Object.assign(Object.create(it), data))),
    };
    return it;
  }

  return {
    t: ctx => translator(language(ctx)),
    format: ctx => formatOf(language(ctx), core.clock.now()),
    show(ctx, { view, title, status = 200, at = ctx.path, session, data = {} }) {
      const it = Object.assign(helpers(ctx, session), { title }, data);
      const body = new Html(eta.render(`./${view}`, it));
      const frame = {
        ...it,
        tab: title === it.serverName ? title : `${isolated(title)} · ${it.serverName}`,
        body,
        nav: navigation(at, session, settings),
        done: doneMessage(ctx),
        here: view === 'error' ? undefined : hereOf(ctx),
      };
      answerPage(ctx, status, eta.render('./layout', frame));
    },
  };
}

/** What was done before this page was shown: a name of the messages, which the address has. */
function doneMessage({ query }: Context): string | undefined {
  const key = `done.${typeof query.done === 'string' ? query.done : ''}`;
  return hasMessage(key) ? key : undefined;
}

/** Where the choice of a language leads back: the page itself, without what was done and without secrets. */
function hereOf(ctx: Context): string {
  if (ctx.method !== 'GET') return '/';
  const query = new URLSearchParams(ctx.querystring);
  for (const name of ['done', 'token']) query.delete(name);
  return query.size === 0 ? ctx.path : `${ctx.path}?${query}`;
}
