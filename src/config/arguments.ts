/** The command line of `keybin-server`. */

import { parseArgs } from 'node:util';
import { StartupError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { optionList } from './options.ts';
import { didYouMean } from './source.ts';

/** What the command line asks for. `config` is the argument of `--config`. */
export interface Arguments {
  readonly action: 'serve' | 'check-config' | 'help' | 'version';
  readonly config?: string;
}

/** The command line is wrong. The message lists all problems; the process ends with `exitCode`. */
export class UsageError extends StartupError {
  readonly exitCode = 2;
}

const FLAGS = {
  config: { type: 'string' },
  'check-config': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

/** Reads the arguments behind the program's name. `--help` wins over `--version`, both over the rest. Throws `UsageError`. */
export function readArguments(args: readonly string[]): Arguments {
  const { tokens } = parseArgs({ args: [...args], options: FLAGS, strict: false, tokens: true });
  const problems: string[] = [];
  const seen = new Set<string>();
  let config: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    const problem = token.kind === 'positional' ? unexpected(token.value) : check(token, seen);
    if (problem !== undefined) problems.push(problem);
    if (token.kind === 'positional') continue;
    if (token.name === 'config') config = token.value;
    seen.add(token.name);
  }
  if (seen.has('help')) return { action: 'help' };
  if (problems.length > 0) throw new UsageError(`${problems.join('\n')}\nTry: keybin-server --help`);
  if (seen.has('version')) return { action: 'version' };
  return { action: seen.has('check-config') ? 'check-config' : 'serve', ...(config === undefined ? {} : { config }) };
}

function unexpected(argument: string): string {
  return `unexpected argument ${JSON.stringify(argument)}; a file is given as --config FILE`;
}

interface Flag {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

/** What is wrong with an option, or undefined. */
function check({ name, rawName, value, inlineValue }: Flag, seen: ReadonlySet<string>): string | undefined {
  if (!Object.hasOwn(FLAGS, name)) return `unknown option ${JSON.stringify(rawName)}${instead(name)}`;
  if (name !== 'config') return value === undefined ? undefined : `${rawName} takes no value`;
  if (!value || (!inlineValue && value.startsWith('-'))) return `${rawName} needs the path of a file`;
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

Usage: keybin-server [--config FILE] [--check-config]

  --config FILE     read this configuration file
  --check-config    print the values in force, secrets masked, and stop
  -h, --help        print this and stop
  --version         print the version and stop

Without any configuration it listens on http://127.0.0.1:5000 and keeps its data
in ./data. Values come from, the later over the earlier:

  1. the defaults
  2. one file: --config FILE, else what KEYBIN_CONFIG names, else ./store.cfg
  3. the environment: KEYBIN_<SECTION>_<KEY>; for secrets also
     KEYBIN_<SECTION>_<KEY>_FILE, which names a file that holds the value

Examples

  keybin-server
      Everything by default, data in ./data.

  keybin-server --config /etc/keybin/store.cfg --check-config
      Is this file right, and what does it mean?

  KEYBIN_APP_PORT=8080 KEYBIN_STORE_HOST=mongodb://db:27017 keybin-server
      Another port, data in MongoDB, no file.

SIGHUP reads the configuration again. SIGTERM and SIGINT finish the requests
under way and stop. Exit code: 0 stopped as asked, 1 could not start, 2 wrong
command line.

Every option: docs/configuration.md and store.cfg.example of this package.
`;
