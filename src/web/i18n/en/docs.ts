import type { Messages } from '../message.ts';

/** The names of the documents. */
export const docs = {
  docs: {
    list: 'Documents',
    start: 'First steps',
    keybin: 'Keybin: values',
    v2: 'v2: bytes, conditions, changes',
    punch: 'Punch: time',
    dotsync: 'dotsync: dotfiles',
    'simple-sync': 'simple-sync: events',
    verstak: 'Verstak: notes and files',
    api: 'Every request',
    errors: 'Errors',
    configuration: 'Configuration',
    service: 'Running a server',
    mongodb: 'MongoDB',
  },
} satisfies Messages;
