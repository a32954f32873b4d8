/** What people at a browser see of the confirmation of their e-mail, in each language. */

import type { Context } from 'koa';
import type { Language } from '../../../core/mail/texts.ts';
import { answerPage, escapeHtml } from '../../../http/browser/page.ts';

interface Text {
  readonly title: string;
  readonly text: string;
}

/** What a page tells: there is a button to press, it is done, or why not. */
type Telling = 'ask' | 'done' | 'invalid' | 'outdated';

const texts: Readonly<Record<Language, Readonly<Record<Telling, Text>> & { readonly button: string }>> = {
  en: {
    ask: { title: 'Confirm your e-mail', text: 'One press of the button, and your account is ready.' },
    done: { title: 'Your e-mail is confirmed', text: 'You can log in now.' },
    invalid: {
      title: 'This link is not valid any more',
      text: 'It works once, within 48 hours. If you cannot log in yet, ask for a new password: a new link comes with it.',
    },
    outdated: { title: 'This page is out of date', text: 'Allow cookies, and open the link in your mail again.' },
    button: 'Confirm',
  },
  ru: {
    ask: { title: 'Подтвердите адрес почты', text: 'Нажмите кнопку, и учётная запись будет готова.' },
    done: { title: 'Адрес почты подтверждён', text: 'Теперь можно войти.' },
    invalid: {
      title: 'Эта ссылка больше не действует',
      text: 'Она срабатывает один раз, в течение 48 часов. Если войти не удаётся, запросите новый пароль: вместе с ним придёт новая ссылка.',
    },
    outdated: { title: 'Страница устарела', text: 'Разрешите файлы cookie и откройте ссылку из письма ещё раз.' },
    button: 'Подтвердить',
  },
};

/** The page with the button; `csrf` is what `formCsrf` gives. */
export function askToConfirm(ctx: Context, language: Language, { token, csrf }: { token: string; csrf: string }): void {
  const hidden = (name: string, value: string) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
  // Relative to the page, so that a proxy may put the server under a path.
  tell(
    ctx,
    200,
    language,
    'ask',
    `
<form method="post" action="confirm">
${hidden('token', token)}
${hidden('locale_csrf', csrf)}
<button>${escapeHtml(texts[language].button)}</button>
</form>`,
  );
}

/** The page that says it is done. */
export function tellConfirmed(ctx: Context, language: Language): void {
  tell(ctx, 200, language, 'done');
}

/** The page for a token that confirms nothing. */
export function tellInvalid(ctx: Context, language: Language): void {
  tell(ctx, 400, language, 'invalid');
}

/** The page for a form that no page of ours sent, or one of long ago. */
export function tellOutdated(ctx: Context, language: Language): void {
  tell(ctx, 403, language, 'outdated');
}

function tell(ctx: Context, status: number, language: Language, telling: Telling, more = ''): void {
  const { title, text } = texts[language][telling];
  answerPage(ctx, status, title, `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>${more}`, language);
}
