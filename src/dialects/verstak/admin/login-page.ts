/** The page on which admins log in, in each language. */

import type { Context } from 'koa';
import type { Language } from '../../../core/mail/texts.ts';
import { answerPage, escapeHtml } from '../../../http/browser/page.ts';

/** Why a login failed, for people; undefined: nothing did. */
export type Failure = 'refused' | 'outdated' | 'limited' | 'busy' | undefined;

interface Texts {
  readonly title: string;
  readonly username: string;
  readonly password: string;
  readonly button: string;
  readonly failures: Readonly<Record<NonNullable<Failure>, string>>;
}

const texts: Readonly<Record<Language, Texts>> = {
  en: {
    title: 'Administration',
    username: 'User name',
    password: 'Password',
    button: 'Log in',
    failures: {
      refused: 'No admin has this name and password.',
      outdated: 'The page was out of date, or cookies are not allowed. Try again.',
      limited: 'Too many attempts. Wait a while.',
      busy: 'The server is busy, or about to stop. Try again in a moment.',
    },
  },
  ru: {
    title: 'Администрирование',
    username: 'Имя пользователя',
    password: 'Пароль',
    button: 'Войти',
    failures: {
      refused: 'Нет администратора с таким именем и паролем.',
      outdated: 'Страница устарела, или файлы cookie запрещены. Попробуйте ещё раз.',
      limited: 'Слишком много попыток. Подождите немного.',
      busy: 'Сервер занят или останавливается. Попробуйте ещё раз через минуту.',
    },
  },
};

/** Answers with the form; `csrf` is what `formCsrf` gives. */
export function answerLoginPage(
  ctx: Context,
  status: number,
  { language, csrf, failure }: { language: Language; csrf: string; failure?: Failure },
): void {
  const { title, username, password, button, failures } = texts[language];
  const telling = failure === undefined ? '' : `<p role="alert">${escapeHtml(failures[failure])}</p>\n`;
  // Relative to the page, so that a proxy may put the server under a path.
  const form = `<h1>${escapeHtml(title)}</h1>
${telling}<form method="post" action="login">
<input type="hidden" name="locale_csrf" value="${escapeHtml(csrf)}">
<p><label>${escapeHtml(username)} <input name="username" autocomplete="username" required autofocus></label></p>
<p><label>${escapeHtml(password)} <input type="password" name="password" autocomplete="current-password" required></label></p>
<button>${escapeHtml(button)}</button>
</form>`;
  answerPage(ctx, status, title, form, language);
}
