/** How large things may be, and how many. */

import { integer, MAX_BYTES } from '../values/option.ts';

/** By section and key. */
export const limitOptions = {
  LIMITS: {
    connections: integer(10_000, 1, 1_000_000, 'Most open connections of a process; further ones are closed at once.'),
    value_bytes: integer(
      16_777_216,
      1,
      1_073_741_824,
      'Longest value, in bytes; the original API has a limit of its own in `[KEYBIN]`.',
    ),
    followers: integer(
      1000,
      1,
      1_000_000,
      'Requests of one account that may follow its changes at once, in one process.',
      { live: true },
    ),
    all_followers: integer(20_000, 1, 1_000_000, 'The same of all accounts together.', { live: true }),
    requests_per_minute: integer(
      0,
      0,
      1_000_000_000,
      'Requests to v2 of one account in a minute, of which each of several workers allows its part; 0 is without limit.',
      { live: true },
    ),
    account_bytes: integer(
      1_073_741_824,
      0,
      MAX_BYTES,
      'Values, punches, dotfiles and operations of one account together, in bytes; 0 is without limit. Blobs have limits of their own in `[VERSTAK]`.',
      { live: true },
    ),
    account_keys: integer(
      1_000_000,
      0,
      1_000_000_000_000,
      'The same in number: keys, punches (deleted ones leave a mark; beyond this many marks count too), dotfiles and their configs, operations; 0 is without limit.',
      { live: true },
    ),
  },
} as const;
