/** What mails say, in each language. */

/** A language that mails and pages are written in. */
export type Language = 'en' | 'ru';

/** Every language there is; the first one stands for those there are not. */
export const languages: readonly Language[] = ['en', 'ru'];

interface Text {
  readonly subject: string;
  readonly text: string;
}

type Purpose = 'confirm' | 'reset';

const texts: Readonly<Record<Language, Readonly<Record<Purpose, (link: string) => Text>>>> = {
  en: {
    confirm: link => ({
      subject: 'Confirm your e-mail',
      text: `Hello,

open this link to confirm your e-mail. It works once, within 48 hours:

${link}

If you did not register, you can ignore this mail.
`,
    }),
    reset: link => ({
      subject: 'Set a new password',
      text: `Hello,

open this link to set a new password. It works once, within one hour:

${link}

If you did not ask for it, you can ignore this mail: your password stays as it is.
`,
    }),
  },
  ru: {
    confirm: link => ({
      subject: 'Подтвердите адрес почты',
      text: `Здравствуйте!

Чтобы подтвердить адрес почты, откройте ссылку. Она сработает один раз, в течение 48 часов:

${link}

Если вы не регистрировались, просто не обращайте внимания на это письмо.
`,
    }),
    reset: link => ({
      subject: 'Новый пароль',
      text: `Здравствуйте!

Чтобы задать новый пароль, откройте ссылку. Она сработает один раз, в течение часа:

${link}

Если вы об этом не просили, не обращайте внимания на письмо: пароль останется прежним.
`,
    }),
  },
};

/**
 * The mail with a link for this purpose. It does not name the account: whoever registers a stranger's address chooses the name,
 * and could say anything with it.
 */
export function mailText(language: Language, purpose: Purpose, link: string): Text {
  return texts[language][purpose](link);
}
