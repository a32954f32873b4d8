import type { Messages } from '../message.ts';

/** The own account. */
export const account = {
  account: {
    title: 'Account',
    since: 'Created',
    otherEmail: 'Change the e-mail',
    addEmail: 'Add an e-mail',
    emailText:
      'A link goes to the new address. It takes the place of the old one once you have opened the link, not before.',
    waiting: '{email} waits for its confirmation: open the link that was sent there. It works for 48 hours.',
    forget: 'Forget this address',
    newEmail: 'New e-mail',
    sendLink: 'Send the link',
    otherPassword: 'Change the password',
    passwordText: 'It signs out every other browser, and ends every token. Paired devices stay.',
    presentPassword: 'Current password',
    export: 'Your data',
    exportText:
      'One JSON file with your values, punches, dotfiles, devices, events, and what opens your account. No secret is in it, and neither is what your vaults hold.',
    exportButton: 'Download my data',
    end: 'Delete the account',
    endText: 'The account goes with all that it has, in every API.',
    deleteLink: 'Delete the account',
    deleteTitle: 'Delete the account?',
    deleteText:
      'Everything goes: values, time, dotfiles, devices with their vaults, tokens. It cannot be brought back.',
    exportFirst: 'Download your data first',
    typeName: 'Type {name} to confirm',
    deleteNow: 'Delete for good',
  },
  done: {
    email_asked: 'A link is on its way to the new address.',
    email_kept: 'The new address is forgotten.',
    password_changed: 'The password is changed. Other browsers are signed out, and tokens have ended.',
  },
  problems: {
    email_same: 'This is your e-mail already.',
    admin_password_fixed: 'The password of an admin stands in the configuration of the server: change it there.',
    name_differs: 'This is not the name of your account.',
    new_password_invalid: 'This cannot be a password.',
  },
} satisfies Messages;
