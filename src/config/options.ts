/** The option table: the single place of names, types, defaults, checks and documentation. */

import os from 'node:os';
import { isMailbox, parsePublicUrl, publicUrlHint } from '../base/mail-rules.ts';
import { isPassword, isUsername } from '../base/names.ts';
import { limitOptions } from './sections/limits.ts';
import { metricsOptions } from './sections/metrics.ts';
import { syncOptions } from './sections/sync.ts';
import { listenHostHint, maskStoreHost, parseListenHost, parseStoreHost, storeHostHint } from './values/hosts.ts';
import { mailUrlHint, maskMailUrl, parseMailUrl } from './values/mail-url.ts';
import {
  addresses,
  boolean,
  choice,
  integer,
  type LinesOption,
  type Option,
  origins,
  secret,
  text,
} from './values/option.ts';
import { pluginOptions, plugins } from './values/plugins.ts';

/** Beginnings of collection names that MongoDB and the engines keep for themselves. */
const KEPT = ['system.', 'keybin_', 'blobs.'];

function collection(fallback: string, what: string) {
  const fits = (name: string) => name.length <= 100 && /^[\w-]+(\.[\w-]+)*$/.test(name);
  return text(fallback, `Name of the collection that holds ${what}.`, {
    expected: `at most 100 letters, digits, \`_\`, \`-\` and single \`.\` inside, not beginning with ${KEPT.map(kept => `\`${kept}\``).join(', ')}`,
    parse: name => (fits(name) && !KEPT.some(kept => name.startsWith(kept)) ? name : undefined),
  });
}

/** A number, or one for each core. */
function workers() {
  const number = integer(1, 1, 64, 'Server processes that share the port; `auto` starts one for each core.');
  const parse = (value: string) =>
    value.toLowerCase() === 'auto' ? Math.min(os.availableParallelism(), 64) : number.parse(value);
  return { ...number, expected: `${number.expected}, or \`auto\``, parse };
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
    log_client_address: boolean(
      false,
      'Whether the log has the address of the client with each request, for fail2ban.',
      {
        live: true,
      },
    ),
    workers: workers(),
    read_only: boolean(
      false,
      'Whether nothing may be written: changes and logins are answered 503 `read_only`, reading goes on. For moving the data.',
      { live: true },
    ),
    trusted_proxies: addresses('Proxies whose `X-Forwarded-For` is believed.'),
    public_url: text(
      '',
      'Where people reach the server, for all that leads to it: `https://keybin.example.org`, or `https://example.org/keybin`.',
      {
        expected: 'a URL that begins with `http://` or `https://`, without user, `?` and `#`; empty is none',
        parse: url => (url === '' ? '' : parsePublicUrl(url)),
        hint: publicUrlHint,
        live: true,
      },
    ),
    keep_prefix: boolean(
      false,
      'Whether requests arrive with the path of `public_url` in front, because the proxy does not take it off.',
      { live: true },
    ),
    cors_origins: origins(
      'Origins whose pages may use the APIs from a browser, such as `https://app.example.org`; `*` is any.',
      {
        live: true,
      },
    ),
    language: choice(['en', 'ru'], 'en', 'Language of mails, and of pages for clients that ask for none.', {
      live: true,
    }),
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
  ...limitOptions,
  SECURITY: {
    registration: boolean(true, 'Whether anybody may register an account.', { live: true }),
    bcrypt_cost: integer(
      10,
      4,
      20,
      'Cost of password hashes; each step doubles the work. After a change a password is hashed anew at its next login.',
    ),
    hash_threads: integer(
      0,
      0,
      64,
      'Threads that hash passwords; 0 takes as many as the processor has cores, two at least.',
    ),
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
    failures_per_address: integer(
      100,
      1,
      1_000_000,
      'Wrong passwords from one address, at all APIs together, before it is refused.',
      {
        live: true,
      },
    ),
    address_window: integer(3600, 1, 604_800, 'Seconds over which `failures_per_address` counts.', { live: true }),
    registrations_per_address: integer(
      20,
      0,
      1_000_000,
      'Accounts that may be registered from one address in an hour; 0 is any number. `throttle` switches it off too.',
      { live: true },
    ),
  },
  ADMIN: {
    username: text('', 'Account that is made an admin at the start, and created if it is not there.', {
      expected: '1 to 128 characters without control characters; empty is none',
      parse: name => (name === '' || isUsername(name) ? name : undefined),
    }),
    password: secret('Password of that account.', '1 to 1024 bytes of UTF-8', isPassword),
  },
  MAIL: {
    url: text('', 'The SMTP server to send through; without one, mails are files in `directory`.', {
      expected:
        '`smtp://host:port` (STARTTLS where it is offered; port 587 unless given) or `smtps://host:port` (TLS from the start; port 465), with `user:password@` before the host for a login; empty is none',
      parse: parseMailUrl,
      hint: mailUrlHint,
      mask: maskMailUrl,
      live: true,
    }),
    directory: text('./outbox', 'Folder for the mails that go through no server, each an `.eml` file.', {
      live: true,
    }),
    from: text('Keybin <keybin@localhost>', 'Who sends.', {
      expected: 'one mailbox, `name@host` or `Name <name@host>`',
      parse: mailbox => (isMailbox(mailbox) ? mailbox : undefined),
      live: true,
    }),
  },
  KEYBIN: {
    enabled: boolean(true, 'Whether the Keybin API is served.'),
    value_bytes: integer(
      1_048_576,
      1,
      15_728_640,
      'Longest value there, as bytes of its JSON text; `[LIMITS] value_bytes` counts as well.',
    ),
  },
  V2: {
    enabled: boolean(true, 'Whether v2 is served.'),
  },
  TOKENS: {
    default_ttl: integer(2_592_000, 1, 315_576_000, 'Seconds a token of v2 lives when its maker does not say.', {
      live: true,
    }),
    max_ttl: integer(
      31_536_000,
      1,
      315_576_000,
      'Most seconds it can live from its making, however often it is renewed.',
      { live: true },
    ),
  },
  ...syncOptions,
  ...metricsOptions,
  PLUGINS: {
    modules: plugins(
      'A plugin and its module, loaded in this order; the label is its name. A relative path begins at the folder of this file.',
    ),
  },
  PLUGIN: {
    options: pluginOptions('What is handed over to a plugin, as texts; `[PLUGIN.rounding]` `minutes=15` is the same.'),
  },
} as const;

/** Names of the sections. */
export type Section = keyof typeof options;

/** What each section is about, for the documentation. */
export const sections: Readonly<Record<Section, string>> = {
  APP: 'The process and its port.',
  STORE: 'Where the data is, and how long tokens live.',
  LIMITS: 'Sizes and numbers, and how much an account may store.',
  SECURITY: 'Registration, password hashes, and the throttle against guessing.',
  ADMIN: 'The account that administers the server; none unless both are given.',
  MAIL: 'Mail that the server sends.',
  KEYBIN: 'The Keybin API.',
  V2: 'v2: the same values for programs that want more.',
  TOKENS: 'Tokens of v2.',
  PUNCH: 'The Punch API.',
  PUNCH_KEYS: 'Keys to the Punch API, a line for each machine.',
  DOTSYNC: 'The dotsync API.',
  SIMPLE_SYNC: 'The simple-sync API.',
  VERSTAK:
    'The Verstak API. Attempts count for one account from wherever, and for one address; `[SECURITY] throttle` switches that off.',
  METRICS:
    '`GET /metrics`, for Prometheus and the like; off unless one of these is given ([service](service.md#observing)).',
  PLUGINS: 'Code of your own that joins in when something is stored ([plugins](plugins.md)).',
  PLUGIN: 'Options of plugins: each has a section `[PLUGIN.<name>]`.',
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
