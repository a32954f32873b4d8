/** A language that mails and pages are written in. */
export type Language = 'en' | 'ru';

/** Every language there is; the first one stands for those there are not. */
export const languages: readonly Language[] = ['en', 'ru'];
