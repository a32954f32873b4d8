import type { Messages } from '../message.ts';

/** The shared history, its members, and the rules for what they add. */
export const events = {
  events: {
    title: 'Events',
    one: 'Event',
    refresh: 'Look again',
    toNewest: 'To the newest',
    item: 'Item',
    user: 'User',
    action: 'Action',
    when: 'When',
    payload: 'Content',
    uuid: 'Id of the event',
    none: 'empty',
    noPayload: 'It has none.',
    cut: 'Only the beginning is shown.',
    download: 'Download the content ({size})',
    older: 'Older events',
    searchOn: 'Search in older events',
    notYet: 'Nothing fits so far, but the search is not at its end.',
    empty:
      'Nothing has happened yet. Everything that a member adds stands here, for all members to see. This adds an event:',
    rules: 'What you may add',
    rulesAdmin: 'Everything: the rules are not asked for admins.',
    rulesText: 'The first rule that fits decides. They know you as {uuid}. Reading is not limited by rules.',
    rulesMore: { one: 'One more rule is about you.', other: '{count} more rules are about you.' },
    closed: 'The history of events is shared by members, and your account is none of them.',
    closedHow: 'An admin of this server can let you in. There is nothing to set up afterwards: load this page again.',
    closedName: 'Tell the admin your user name:',
  },
  members: {
    title: 'Members',
  },
  acl: {
    title: 'Rules',
    place: 'No.',
    user: 'User',
    item: 'Item',
    action: 'Action',
    verdict: 'Then it is',
    all: 'any',
    allowed: 'allowed',
    denied: 'denied',
    default: 'What no rule fits is denied.',
  },
} satisfies Messages;
