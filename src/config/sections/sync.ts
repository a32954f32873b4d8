/** The options of the sync APIs, a section each. */

import { aclHint, OPEN_ACL, parseAcl } from '../values/acl.ts';
import { boolean, choice, integer, MAX_BYTES, secret, text } from '../values/option.ts';
import { punchKeys } from '../values/punch-keys.ts';

/** How many attempts of a kind are taken in how long. */
function attempts<const K extends string>(kind: K, max: number, window: number, what: string) {
  const live = { live: true };
  return {
    [`${kind}_attempts`]: integer(max, 1, 1_000_000, `Most ${what} in \`${kind}_window\`.`, live),
    [`${kind}_window`]: integer(window, 1, 604_800, `Seconds over which \`${kind}_attempts\` counts.`, live),
  } as Readonly<Record<`${K}_${'attempts' | 'window'}`, ReturnType<typeof integer>>>;
}

/** By section and key. */
export const syncOptions = {
  PUNCH: {
    enabled: boolean(true, 'Whether the Punch API is served.'),
  },
  PUNCH_KEYS: {
    keys: punchKeys('The account a machine acts for, and the key it sends; the label is the name of the machine.'),
  },
  DOTSYNC: {
    enabled: boolean(true, 'Whether the dotsync API is served.'),
  },
  SIMPLE_SYNC: {
    enabled: boolean(true, 'Whether the simple-sync API is served.'),
    jwt_secret: secret(
      'Signs its tokens; without one it is made once and kept with the data.',
      'at least 32 characters',
      value => [...value].length >= 32,
    ),
    open_to: choice(
      ['members', 'all'],
      'members',
      'Who may use it: admins and accounts made by an admin, or every account.',
    ),
    initial_acl: text(OPEN_ACL, 'ACL of a fresh store.', {
      expected:
        'JSON `{"rules":[…]}`, where each rule has the texts `user`, `item`, `action` (a `*` only at their end) and the boolean `allow`',
      parse: parseAcl,
      hint: aclHint,
    }),
  },
  VERSTAK: {
    enabled: boolean(true, 'Whether the Verstak API is served.'),
    body_bytes: integer(2_097_152, 1024, 15_728_640, 'Longest JSON body of a push or pull, in bytes.'),
    operations_per_push: integer(100, 1, 1000, 'Most operations of one push.', { live: true }),
    payload_bytes: integer(262_144, 1, 8_388_608, 'Longest payload of an operation, in bytes.', { live: true }),
    page_operations: integer(100, 1, 1000, 'Most operations on one page of a pull.', { live: true }),
    blob_bytes: integer(268_435_456, 1, MAX_BYTES, 'Largest blob, in bytes.', { live: true }),
    vault_bytes: integer(4_294_967_296, 1, MAX_BYTES, 'Blobs of one vault together, in bytes.', { live: true }),
    account_bytes: integer(
      8_589_934_592,
      1,
      MAX_BYTES,
      'Blobs of one account together, in bytes; they do not count in `[LIMITS] account_bytes`.',
      { live: true },
    ),
    ...attempts('pair', 5, 900, 'wrong passwords when a device is paired'),
    ...attempts('test', 10, 600, 'wrong passwords when a login is tried out, or a device is revoked'),
    ...attempts('login', 10, 600, 'wrong passwords at a login'),
    ...attempts('register', 5, 3600, 'registrations'),
    ...attempts('forgot', 5, 3600, 'mails asked for to set a new password'),
    ...attempts('reset', 8, 3600, 'tries to set a new password'),
    reset_ends_devices: boolean(true, 'Whether a password that was reset by mail signs the devices out.', {
      live: true,
    }),
    unconfirmed_days: integer(7, 1, 36_500, 'Days after which a registration that nobody confirmed is erased.', {
      live: true,
    }),
    audit_days: integer(90, 1, 36_500, 'Days an entry of the audit log is kept.', { live: true }),
  },
} as const;
