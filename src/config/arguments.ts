/** The command line of `keybin-server`. */

import { parseArgs } from 'node:util';
import { StartupError } from '../base/errors.ts';
import type { Flags } from './flags.ts';
import { nearest } from './nearest.ts';
import { optionList } from './options.ts';
import { didYouMean } from './source.ts';

/** What the command line asks for. `config` is the argument of `--config`. */
export interface Arguments {
  readonly action: 'serve' | 'check-config' | 'check-health' | 'purge-plugin' | 'help' | 'version';
  /** Of `purge-plugin`. */
  readonly plugin?: string | undefined;
  readonly config?: string | undefined;
  readonly flags: Flags;
}

/** The command line is wrong. The message lists all problems; the process ends with `exitCode`. */
export class UsageError extends StartupError {
  readonly exitCode = 2;
}

const FLAGS = {
  config: { type: 'string' },
  listen: { type: 'string' },
  port: { type: 'string' },
  data: { type: 'string' },
  'admin-user': { type: 'string' },
  'admin-pass': { type: 'string' },
  'admin-pass-file': { type: 'string' },
  'admin-pass-stdin': { type: 'boolean' },
  'check-config': { type: 'boolean' },
  'check-health': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** What a flag needs behind it; the others take nothing. */
const NEEDS = new Map([
  ['config', 'the path of a file'],
  ['listen', 'an IP address or a host name'],
  ['port', 'a number'],
  ['data', 'the path of a folder'],
  ['admin-user', 'a name'],
  ['admin-pass', 'a password'],
  ['admin-pass-file', 'the path of a file'],
]);

/** What is no folder may hold a password, and is not repeated. */
const ELSEWHERE = 'what begins as this does is set in the file as [STORE] host, or as KEYBIN_STORE_HOST';

const PASSWORD_FLAGS = ['admin-pass', 'admin-pass-file', 'admin-pass-stdin'];

/**
 * Reads the arguments behind the program's name, where they name none of the `commands`. `--help` wins over `--version`, both over the
 * rest. Throws `UsageError`.
 */
export function readArguments(args: readonly string[], commands: readonly string[] = []): Arguments {
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  // What stands alone may be the rest of a password.
  const quotable = !args.some(arg => /^-.*(admin|pass)/i.test(arg));
  const purged = pluginToPurge(args);
  const command = purged === undefined ? 0 : 3;
  const problems: string[] = [];
  const seen = new Map<string, string | undefined>();
  for (const token of tokens) {
    if (token.kind === 'option-terminator' || (token.kind === 'positional' && token.index < command)) continue;
    const problem = token.kind === 'positional' ? unexpected(token, quotable, commands) : check(token, seen);
    if (problem !== undefined) problems.push(problem);
    if (token.kind === 'option') seen.set(token.name, token.value);
  }
  const passwords = PASSWORD_FLAGS.filter(name => seen.has(name)).map(name => `--${name}`);
  if (passwords.length > 1) problems.push(`${passwords.join(' and ')} are given together; expected one of them`);
  const actions = ['check-config', 'check-health'].filter(name => seen.has(name));
  if (actions.length > 1) problems.push('--check-config and --check-health are given together; expected one of them');
  if (seen.has('help')) return { action: 'help', flags: {} };
  if (problems.length > 0) throw new UsageError(`${problems.join('\n')}\nTry: keybin-server --help`);
  if (seen.has('version')) return { action: 'version', flags: {} };
  return {
    action: actionOf(purged, actions[0]),
    plugin: purged,
    config: seen.get('config'),
    flags: {
      listen: seen.get('listen'),
      port: seen.get('port'),
      data: seen.get('data'),
      adminUser: seen.get('admin-user'),
      adminPass: seen.get('admin-pass'),
      adminPassFile: seen.get('admin-pass-file'),
      adminPassStdin: seen.has('admin-pass-stdin'),
    },
  };
}

function actionOf(purged: string | undefined, asked: string | undefined): Arguments['action'] {
  return purged === undefined ? ((asked ?? 'serve') as Arguments['action']) : 'purge-plugin';
}

/** The plugin of `plugin purge NAME`. */
function pluginToPurge([first, second, name]: readonly string[]): string | undefined {
  return first === 'plugin' && second === 'purge' ? name : undefined;
}

function unexpected(
  { value, index }: { readonly value: string; readonly index: number },
  quotable: boolean,
  commands: readonly string[],
): string {
  const meant = index === 0 ? nearest(value, commands) : undefined;
  return `unexpected argument${quotable ? ` ${JSON.stringify(value)}` : ''}; a file is given as --config FILE${didYouMean(meant)}`;
}

interface Flag {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** What is wrong with an option, or undefined. */
function check({ name, rawName, value, inlineValue }: Flag, seen: ReadonlyMap<string, unknown>): string | undefined {
  if (!Object.hasOwn(FLAGS, name)) return `unknown option ${JSON.stringify(rawName)}${instead(name)}`;
  const needed = NEEDS.get(name);
  if (needed === undefined) return value === undefined ? undefined : `${rawName} takes no value`;
  if (!value || (!inlineValue && value.startsWith('-'))) return `${rawName} needs ${needed}`;
  if (name === 'data' && /^(file|mongodb(\+srv)?):/.test(value)) return `${rawName} needs ${needed}; ${ELSEWHERE}`;
  return seen.has(name) ? `${rawName} is given twice` : undefined;
}

function instead(name: string): string {
  const setting = optionList.find(({ key }) => key === name.replaceAll('-', '_'));
  if (setting) return `; it is set in the file as ${setting.name}, or as ${setting.variable}`;
  const flag = nearest(name, Object.keys(FLAGS));
  return didYouMean(flag === undefined ? undefined : `--${flag}`);
}

/** What `--help` prints. */
export const HELP = `Keybin: a self-hosted key/value data store over HTTP, with expiring tokens.

Usage: keybin-server [--config FILE] [--check-config] [--port N ...]
       keybin-server COMMAND … [--config FILE]

  --config FILE           read this configuration file
  --check-config          print the values in force, secrets masked, and stop
  --check-health          ask the running server whether it is ready, and stop
  --listen ADDRESS        the address to listen on ([APP] host)
  --port N                the port to listen on ([APP] port)
  --data FOLDER           the folder the data is in ([STORE] host=file:FOLDER)
  --admin-user NAME       the account that is made an admin ([ADMIN] username)
  --admin-pass-file FILE  its password is in this file
  --admin-pass-stdin      its password is all of the standard input
  --admin-pass PASSWORD   its password, for whoever may list processes to see
  -h, --help              print this and stop
  --version               print the version and stop

Commands; each has --help. The server may run meanwhile.

  user                    list, add, block and delete accounts, set passwords
  token                   list and end what opens an account
  unlock                  let somebody in again who is refused for guessing
  check                   compare indexes, references and sums with the data
  migrate                 copy all data into another storage, of either engine
  config                  print the values in force; config init writes a file
  backup FILE             write all data to one file, while the server runs
  verify FILE             check a backup
  restore FILE            put a backup into an empty storage of either engine
  plugin purge NAME       remove all that a plugin keeps in its store

Without any configuration it listens on http://127.0.0.1:5000 and keeps its data
in ./data. Values come from, the later over the earlier:

  1. the defaults
  2. one file: --config FILE, else what KEYBIN_CONFIG names, else ./store.cfg;
     for secrets also <key>_file, which names a file that holds the value
  3. the environment: KEYBIN_<SECTION>_<KEY>; for secrets also
     KEYBIN_<SECTION>_<KEY>_FILE
  4. the flags above

Examples

  keybin-server
      Everything by default, data in ./data.

  keybin-server --config /etc/keybin/store.cfg --check-config
      Is this file right, and what does it mean?

  KEYBIN_APP_PORT=8080 KEYBIN_STORE_HOST=mongodb://db:27017 keybin-server
      Another port, data in MongoDB, no file.

  keybin-server --listen 0.0.0.0 --port 8080 --data /srv/keybin
      Open to the network, data elsewhere, no file.

  keybin-server user add ann --config /etc/keybin/store.cfg
      Makes an account; asks for its password.

  pass show keybin | keybin-server --admin-user root --admin-pass-stdin
      An admin whose password is written nowhere.

SIGHUP reads the configuration again. SIGTERM, SIGINT and SIGQUIT finish the
requests under way and stop. Exit code: 0 stopped as asked, 1 cannot start as
things are (or is not ready), 2 wrong command line, 70 a mistake of the program;
of commands also 3 not found or not as demanded, 130 interrupted.

Every option: docs/configuration.md and store.cfg.example of this package.
`;
