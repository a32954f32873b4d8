import type { Messages } from '../message.ts';

/** Files that are kept equal on several machines. */
export const dotfiles = {
  dotfiles: {
    title: 'Dotfiles',
    emptyTitle: 'No dotfiles yet',
    emptyText:
      'Here the files would stand that your machines keep equal, such as ~/.vimrc. Name some as a set, and send what this machine has:',
    emptyPull: 'Another machine fetches them:',
    docs: 'All about the dotsync API, with a client in Python',
    search: 'Part of a path',
    set: { one: 'Set {number}: {count} file', other: 'Set {number}: {count} files' },
    made: 'Made',
    git: 'belongs to',
    noFiles: 'This set has no files.',
    path: 'Path',
    size: 'Size',
    mode: 'Mode',
    hash: 'SHA-256',
    changed: 'Changed',
    missing: 'not sent yet',
    download: 'Download',
    bytes: 'This is no text: its bytes, sixteen on a line.',
    cut: 'This is only the beginning. The download has all of it.',
    noContent: 'The file is empty.',
  },
  problems: {
    dotfile_not_found: 'There is no such file, or no machine has sent it yet.',
  },
} satisfies Messages;
