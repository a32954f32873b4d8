import type { Messages } from '../message.ts';

/** The names of the documents. */
export const docs = {
  docs: {
    list: 'Документы',
    start: 'Первые шаги',
    keybin: 'Keybin: значения',
    v2: 'v2: байты, условия, изменения',
    punch: 'Punch: время',
    dotsync: 'dotsync: дотфайлы',
    'simple-sync': 'simple-sync: события',
    verstak: 'Verstak: заметки и файлы',
    api: 'Все запросы',
    errors: 'Ошибки',
    configuration: 'Настройки',
    service: 'Как держать сервер',
    mongodb: 'MongoDB',
  },
} satisfies Messages;
