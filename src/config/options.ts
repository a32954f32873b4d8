/** The option table: the single place of names, types, defaults, checks and documentation. */

import { isPassword, isUsername } from './account.ts';
import { aclHint, OPEN_ACL, parseAcl } from './acl.ts';
import { listenHostHint, maskStoreHost, parseListenHost, parseStoreHost, storeHostHint } from './hosts.ts';
import { addresses, boolean, choice, integer, type LinesOption, type Option, secret, text } from './option.ts';
import { punchKeys } from './punch-keys.ts';

/** Beginnings of collection names that MongoDB and the engines keep for themselves. */
const KEPT = ['system.', 'keybin_', 'blobs.'];

function collection(fallback: string, what: string) {
  const fits = (name: string) => name.length <= 100 && /^[\w-]+(\.[\w-]+)*$/.test(name);
  return text(fallback, `Name of the collection that holds ${what}.`, {
    expected: `at most 100 letters, digits, \`_\`, \`-\` and single \`.\` inside, not beginning with ${KEPT.map(kept => `\`${kept}\``).join(', ')}`,
    parse: name => (fits(name) && !KEPT.some(kept => name.startsWith(kept)) ? name : undefined),
  });
}

const MONGODB_OWN = ['admin', 'config', 'local'];

/** Every option by section and key. */
export const options = {
  APP: {
    host: text('127.0.0.1', 'Address to listen on; `0.0.0.0` or `::` for all.', {
      expected: 'an IP address or a host name',
      parse: parseListenHost,
      hint: listenHostHint,
    }),
    port: integer(5000, 0, 65_535, 'TCP port to listen on; 0 takes any free one.'),
    debug: boolean(false, 'Verbose log (as `log_level=debug`); never internals in answers.', { live: true }),
    log_level: choice(['debug', 'info', 'warn', 'error', 'silent'], 'info', 'Least level that is logged.', {
      live: true,
    }),
    workers: integer(1, 1, 64, 'Server processes that share the port.'),
    trusted_proxies: addresses('Proxies whose `X-Forwarded-For` is believed.'),
  },
  STORE: {
    host: text('file:./data', 'Where the data is: a folder (embedded engine) or MongoDB.', {
      expected: '`file:<folder>`, `mongodb://…` or `mongodb+srv://…`',
      parse: parseStoreHost,
      hint: storeHostHint,
      mask: maskStoreHost,
    }),
    database: text('store', 'MongoDB database; the embedded engine has none.', {
      expected: `at most 63 letters, digits, \`_\` and \`-\`, and none of ${MONGODB_OWN.join(', ')}`,
      parse: name => (/^[\w-]{1,63}$/.test(name) && !MONGODB_OWN.includes(name) ? name : undefined),
    }),
    store_collection: collection('store', 'the entries'),
    users_collection: collection('users', 'the accounts'),
    token_collection: collection('tokens', 'the tokens'),
    token_expiration: integer(300, 1, 315_360_000, 'Seconds a token lives.', { live: true }),
  },
  LIMITS: {
    value_bytes: integer(1_048_576, 1, 15_728_640, 'Longest value, as bytes of its JSON text.'),
  },
  SECURITY: {
    registration: boolean(true, 'Whether anybody may register an account.', { live: true }),
    bcrypt_cost: integer(12, 4, 20, 'Cost of new password hashes; each step doubles the work.'),
    hash_threads: integer(0, 0, 64, 'Threads that hash passwords; 0 takes one less than the processor has cores.'),
    throttle: boolean(true, 'Whether guessing passwords is slowed down.', { live: true }),
    failures_per_pair: integer(
      5,
      1,
      1_000_000,
      'Wrong passwords for one account from one address before it is refused.',
      {
        live: true,
      },
    ),
    pair_window: integer(900, 1, 604_800, 'Seconds over which `failures_per_pair` counts.', { live: true }),
    failures_per_address: integer(100, 1, 1_000_000, 'Wrong passwords from one address before it is refused.', {
      live: true,
    }),
    address_window: integer(3600, 1, 604_800, 'Seconds over which `failures_per_address` counts.', { live: true }),
  },
  ADMIN: {
    username: text('', 'Account that is made an admin at the start, and created if it is not there.', {
      expected: '1 to 128 characters without control characters; empty is none',
      parse: name => (name === '' || isUsername(name) ? name : undefined),
    }),
    password: secret('Password of that account.', '1 to 1024 bytes of UTF-8', isPassword),
  },
  KEYBIN: {
    enabled: boolean(true, 'Whether the Keybin API is served.'),
  },
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
} as const;

/** Names of the sections. */
export type Section = keyof typeof options;

/** What each section is about, for the documentation. */
export const sections: Readonly<Record<Section, string>> = {
  APP: 'The process and its port.',
  STORE: 'Where the data is, and how long tokens live.',
  LIMITS: 'Sizes.',
  SECURITY: 'Registration, password hashes, and the throttle against guessing.',
  ADMIN: 'The account that administers the server; none unless both are given.',
  KEYBIN: 'The Keybin API.',
  PUNCH: 'The Punch API.',
  PUNCH_KEYS: 'Keys to the Punch API, a line for each machine.',
  DOTSYNC: 'The dotsync API.',
  SIMPLE_SYNC: 'The simple-sync API.',
};

/** The effective configuration: `config.APP.port`, all values typed, checked and frozen. */
export type Config = {
  readonly [S in Section]: {
    readonly [K in keyof (typeof options)[S]]: (typeof options)[S][K] extends { readonly default: infer V } ? V : never;
  };
};

/** An option together with its names, or one line of a `lines` option: then `key` is the label. */
export interface NamedOption {
  readonly section: Section;
  readonly key: string;
  /** `[SECTION] key`, for messages; `[SECTION]` when the option is the whole section. */
  readonly name: string;
  /** `KEYBIN_<SECTION>_<KEY>`. */
  readonly variable: string;
  readonly option: Option<unknown> | LinesOption<object>;
}

/** All options, in the order of the table. */
export const optionList: readonly NamedOption[] = (Object.keys(options) as Section[]).flatMap(section =>
  Object.entries<NamedOption['option']>(options[section]).map(([key, option]) =>
    option.type === 'lines'
      ? { section, key, name: `[${section}]`, variable: `KEYBIN_${section}_<LABEL>`, option }
      : named(section, key, option),
  ),
);

/** What a key of a section sets, a line of a `lines` option included; undefined when it is not known. */
export function findOption(section: string, key: string): NamedOption | undefined {
  const here = optionList.filter(option => option.section === section);
  const [whole] = here.filter(({ option }) => option.type === 'lines');
  return whole ? named(whole.section, key, whole.option) : here.find(option => option.key === key);
}

function named(section: Section, key: string, option: NamedOption['option']): NamedOption {
  return { section, key, name: `[${section}] ${key}`, variable: `KEYBIN_${section}_${key}`.toUpperCase(), option };
}

/** The value of one option in a configuration. */
export function readOption(config: Config, { section, key }: NamedOption): unknown {
  const values: Readonly<Record<string, unknown>> = config[section];
  return values[key];
}

/** Makes a configuration, frozen, with a value for every option. */
export function buildConfig(read: (option: NamedOption) => unknown): Config {
  const config: Record<string, Record<string, unknown>> = {};
  for (const named of optionList) {
    const values = config[named.section] ?? {};
    const value = read(named);
    values[named.key] = Array.isArray(value) ? Object.freeze([...value]) : value;
    config[named.section] = values;
  }
  for (const values of Object.values(config)) Object.freeze(values);
  return Object.freeze(config) as unknown as Config;
}
