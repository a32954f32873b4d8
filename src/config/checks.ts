/** Rules over several options at once. */

import { type Config, optionList, options, readOption } from './options.ts';
import type { Given } from './source.ts';
import { isOwnMachine } from './values/listen.ts';
import { isPluginName } from './values/plugins.ts';

/** What a rule looks at. */
interface Facts {
  readonly config: Config;
  /** "store.cfg:7: [STORE] database", or only the name when the value is the default. */
  place(name: string): string;
}

interface Rule {
  /** Options the rule reads; it is left out when one of them is wrong by itself. */
  readonly reads: readonly string[];
  /** What is wrong, or undefined. */
  readonly check: (facts: Facts) => string | readonly string[] | undefined;
}

const ADMIN = ['[ADMIN] username', '[ADMIN] password'];
const COLLECTIONS = ['[STORE] store_collection', '[STORE] users_collection', '[STORE] token_collection'];

/** An admin's password of fewer characters is warned about. */
const EASY_PASSWORD = 8;

/** Breaking one of these stops the start. */
const rules: readonly Rule[] = [
  ...COLLECTIONS.flatMap((one, i) => COLLECTIONS.slice(i + 1).map(other => differ(one, other))),
  {
    reads: ['[STORE] host', '[STORE] database'],
    check: ({ config: { STORE }, place }) =>
      STORE.host.startsWith('file:') && STORE.database !== options.STORE.database.default
        ? `${place('[STORE] database')}: found ${JSON.stringify(STORE.database)}, which the embedded engine of ` +
          `[STORE] host would ignore; take it out and name the folder in host, or give a \`mongodb://\` host`
        : undefined,
  },
  {
    reads: ADMIN,
    check: ({ config: { ADMIN }, place }) =>
      ADMIN.username !== '' && ADMIN.password === ''
        ? `${place('[ADMIN] username')}: found ${JSON.stringify(ADMIN.username)}, which needs [ADMIN] password: give ` +
          'password or password_file in the file, KEYBIN_ADMIN_PASSWORD or KEYBIN_ADMIN_PASSWORD_FILE, or one of ' +
          '--admin-pass-file, --admin-pass-stdin, --admin-pass'
        : undefined,
  },
  {
    reads: ADMIN,
    check: ({ config: { ADMIN }, place }) =>
      ADMIN.password !== '' && ADMIN.username === ''
        ? `${place('[ADMIN] password')}: needs [ADMIN] username: give username in the file, KEYBIN_ADMIN_USERNAME, or ` +
          '--admin-user'
        : undefined,
  },
  {
    reads: ['[APP] public_url', '[APP] keep_prefix'],
    check: ({ config: { APP }, place }) =>
      APP.keep_prefix && !/^https?:\/\/[^/]+\/./.test(APP.public_url)
        ? `${place('[APP] keep_prefix')}: needs the path in [APP] public_url: write it there ` +
          '(`https://example.org/keybin`), or take keep_prefix out'
        : undefined,
  },
  {
    reads: ['[MAIL] url', '[MAIL] directory'],
    check: ({ config: { MAIL }, place }) =>
      MAIL.url !== '' && MAIL.directory !== options.MAIL.directory.default
        ? `${place('[MAIL] directory')}: found ${JSON.stringify(MAIL.directory)}, which the server of [MAIL] url would ` +
          'make useless; take directory out, or url to have mails as files'
        : undefined,
  },
  {
    reads: ['[PUNCH_KEYS]'],
    check: ({ config: { PUNCH_KEYS }, place }) =>
      PUNCH_KEYS.keys.flatMap(({ label, key }) => {
        const first = PUNCH_KEYS.keys.find(other => other.key === key)?.label;
        return first === undefined || first === label
          ? []
          : `${place(`[PUNCH_KEYS] ${label}`)}: it has the key of ${place(`[PUNCH_KEYS] ${first}`)}; expected one of its own`;
      }),
  },
  {
    reads: ['[PLUGINS]'],
    check: ({ config: { PLUGINS }, place }) =>
      PLUGINS.modules.flatMap(({ label }) =>
        isPluginName(label)
          ? []
          : `${place(`[PLUGINS] ${label}`)}: expected a name of 1 to 32 lower-case letters, digits and \`-\`, with a letter first`,
      ),
  },
];

/** These are said and do not stop the start. */
const advice: readonly Rule[] = [
  {
    reads: ['[PLUGINS]', '[PLUGIN]'],
    check: ({ config: { PLUGINS, PLUGIN }, place }) => {
      const names = PLUGINS.modules.map(({ label }) => label);
      return PLUGIN.options.flatMap(({ label }) =>
        pluginOption(label, names) === undefined
          ? `${place(`[PLUGIN] ${label}`)}: no plugin of [PLUGINS] is called so; it is ignored`
          : [],
      );
    },
  },
  {
    reads: ['[APP] debug', '[APP] log_level'],
    check: ({ config: { APP }, place }) =>
      APP.debug && !['debug', options.APP.log_level.default].includes(APP.log_level)
        ? `${place('[APP] log_level')}: ${APP.log_level} has no effect while [APP] debug is on`
        : undefined,
  },
  {
    reads: ADMIN,
    check: ({ config: { ADMIN }, place }) =>
      ADMIN.password !== '' && [...ADMIN.password].length < EASY_PASSWORD
        ? `${place('[ADMIN] password')}: it has fewer than ${EASY_PASSWORD} characters and may be guessed`
        : undefined,
  },
  {
    reads: ['[APP] trusted_proxies', '[APP] public_url'],
    check: ({ config: { APP }, place }) =>
      APP.trusted_proxies.length > 0 && APP.public_url === ''
        ? `${place('[APP] trusted_proxies')}: without [APP] public_url, links in mails lead to the address behind the proxy`
        : undefined,
  },
  {
    reads: ['[METRICS] listen', '[METRICS] token'],
    check: ({ config: { METRICS }, place }) =>
      METRICS.listen !== '' && METRICS.token === '' && !isOwnMachine(METRICS.listen)
        ? `${place('[METRICS] listen')}: whoever reaches it may read the metrics; set [METRICS] token, or see that only the scraper does`
        : undefined,
  },
];

/** The plugin whose option a line of `[PLUGIN]` is, and the option; environment variables have `_` for the dot. */
export function pluginOption(label: string, names: readonly string[]): [plugin: string, key: string] | undefined {
  const owners = names.filter(
    known => label.startsWith(`${known}.`) || label.startsWith(`${known.replaceAll('-', '_')}_`),
  );
  // One name may begin another: the longest is meant.
  const name = owners.sort((a, b) => b.length - a.length)[0];
  return name === undefined ? undefined : [name, label.slice(name.length + 1)];
}

function differ(one: string, other: string): Rule {
  return {
    reads: [one, other],
    check: ({ config, place }) => {
      const [a, b] = [one, other].map(name => optionList.find(option => option.name === name));
      const name = a && readOption(config, a);
      if (b === undefined || name !== readOption(config, b)) return undefined;
      return `${place(other)}: found ${JSON.stringify(name)}, expected another name than that of ${one}`;
    },
  };
}

/** Applies all rules whose options are right by themselves. `given` and `wrong` go by the names of options. */
export function checkTogether(
  config: Config,
  given: ReadonlyMap<string, Given>,
  wrong: ReadonlySet<string>,
): { problems: string[]; warnings: string[] } {
  const facts: Facts = {
    config,
    place: name => [given.get(name)?.where, name].filter(Boolean).join(': '),
  };
  const apply = (list: readonly Rule[]) =>
    list.filter(({ reads }) => !reads.some(name => wrong.has(name))).flatMap(({ check }) => check(facts) ?? []);
  return { problems: apply(rules), warnings: apply(advice) };
}
