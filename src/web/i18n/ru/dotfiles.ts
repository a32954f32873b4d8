import type { Messages } from '../message.ts';

/** Files that are kept equal on several machines. */
export const dotfiles = {
  dotfiles: {
    title: 'Дотфайлы',
    emptyTitle: 'Дотфайлов пока нет',
    emptyText:
      'Здесь будут файлы, одинаковые на всех ваших машинах, например ~/.vimrc. Назовите их набором и отправьте то, что есть на этой машине:',
    emptyPull: 'Другая машина получает их так:',
    docs: 'Всё об API dotsync и клиент на Python',
    search: 'Часть пути',
    set: {
      one: 'Набор {number}: {count} файл',
      few: 'Набор {number}: {count} файла',
      many: 'Набор {number}: {count} файлов',
      other: 'Набор {number}: {count} файла',
    },
    made: 'Создан',
    git: 'относится к',
    noFiles: 'В этом наборе нет файлов.',
    path: 'Путь',
    size: 'Размер',
    mode: 'Права',
    hash: 'SHA-256',
    changed: 'Изменён',
    missing: 'ещё не отправлен',
    download: 'Скачать',
    bytes: 'Это не текст: показаны байты, по шестнадцать в строке.',
    cut: 'Это только начало. Скачанный файл будет полным.',
    noContent: 'Файл пуст.',
  },
  problems: {
    dotfile_not_found: 'Такого файла нет, или ни одна машина его ещё не отправила.',
  },
} satisfies Messages;
