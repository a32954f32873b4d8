/** What mails say, in each language. */

import type { Language } from '../../base/language.ts';

interface Text {
  readonly subject: string;
  readonly text: string;
}

type Purpose = 'confirm' | 'change' | 'reset';

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
    change: link => ({
      subject: 'Confirm your new e-mail',
      text: `Hello,

open this link to make this address the one of your account. It works once, within 48 hours:

${link}

If you did not ask for it, you can ignore this mail.
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
    change: link => ({
      subject: 'Подтвердите новый адрес почты',
      text: `Здравствуйте!

Чтобы этот адрес стал адресом вашей учётной записи, откройте ссылку. Она сработает один раз, в течение 48 часов:

${link}

Если вы об этом не просили, просто не обращайте внимания на это письмо.
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

const resetDone: Readonly<Record<Language, (devices: string) => Text>> = {
  en: devices => ({
    subject: 'Your password was changed',
    text: `Hello,

your password was set anew through a link that was sent to this address. All web sessions and tokens were signed out.
${devices}

If it was not you, somebody else reads your mail: change its password first, then ask for a new one here.
`,
  }),
  ru: devices => ({
    subject: 'Пароль изменён',
    text: `Здравствуйте!

Ваш пароль изменён по ссылке, отправленной на этот адрес. Все сеансы и токены завершены.
${devices}

Если это были не вы, вашу почту читает кто-то другой: сначала смените её пароль, затем запросите новый пароль здесь.
`,
  }),
};

const signedOut: Readonly<Record<Language, (devices: number | undefined) => string>> = {
  en: devices =>
    devices === undefined
      ? 'Devices stay signed in.'
      : devices === 0
        ? 'No device was signed in.'
        : `Devices signed out: ${devices}. Pair them again with the new password.`,
  ru: devices =>
    devices === undefined
      ? 'Устройства остаются подключёнными.'
      : devices === 0
        ? 'Подключённых устройств не было.'
        : `Отключено устройств: ${devices}. Подключите их снова с новым паролем.`,
};

const emailChanged: Readonly<Record<Language, Text>> = {
  en: {
    subject: 'Your e-mail was changed',
    text: `Hello,

your account has another e-mail now. No more mails about it come to this address, and it does not sign you in any more.

If you did not want this, sign in by your user name, change the password and put your e-mail back. If that does not work,
turn to whoever runs the server.
`,
  },
  ru: {
    subject: 'Адрес почты изменён',
    text: `Здравствуйте!

У вашей учётной записи теперь другой адрес почты. Письма о ней больше не будут приходить сюда, и войти с этим адресом
больше нельзя.

Если вы этого не хотели, войдите по имени пользователя, смените пароль и верните свой адрес. Если не получается,
обратитесь к администратору сервера.
`,
  },
};

/** The mail to the address that an account had until now. It names neither the account nor its new address. */
export function emailChangedText(language: Language): Text {
  return emailChanged[language];
}

/** The mail that tells of a password that was reset; `devices` is how many were signed out, undefined when they stay. */
export function resetDoneText(language: Language, devices: number | undefined): Text {
  return resetDone[language](signedOut[language](devices));
}

/**
 * The mail with a link for this purpose. It does not name the account: whoever registers a stranger's address chooses the name,
 * and could say anything with it.
 */
export function mailText(language: Language, purpose: Purpose, link: string): Text {
  return texts[language][purpose](link);
}
