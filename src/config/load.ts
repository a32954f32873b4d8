/** File, environment and flags -> one frozen configuration, or one error that lists everything that is wrong. */

import { dirname, resolve } from 'node:path';
import { StartupError } from '../base/errors.ts';
import { checkTogether } from './checks.ts';
import { readEnvironment } from './environment.ts';
import { chooseFile, readFileSource } from './file.ts';
import { buildConfig, type Config, findOption, type NamedOption } from './options.ts';
import type { Environment, Given, Source } from './source.ts';

/** What to load from. */
export interface LoadOptions {
  /** The argument of `--config`. */
  readonly file?: string | undefined;
  /** The file that an earlier load has read: without it the options in it would all fall back to their defaults. */
  readonly found?: string | undefined;
  readonly environment: Environment;
  /** What the command line gives. */
  readonly flags?: Source;
  /** Where relative paths begin; the working directory when absent. */
  readonly directory?: string;
}

/** A configuration and what is worth knowing about it. */
export interface LoadedConfig {
  readonly config: Config;
  /** Whole sentences for the log. */
  readonly warnings: readonly string[];
  /** The file that was read, if any. */
  readonly file?: string;
  /** Where each given value stands, by `[SECTION] key`: "store.cfg:7", "KEYBIN_APP_PORT" or "--admin-user". */
  readonly origins: ReadonlyMap<string, string>;
}

/** The configuration cannot be used. The message lists all problems, one a line, and then the warnings. */
export class ConfigError extends StartupError {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];

  constructor(problems: readonly string[], warnings: readonly string[]) {
    const title =
      problems.length === 1 ? 'the configuration has a problem' : `the configuration has ${problems.length} problems`;
    super([`${title}:`, ...problems, ...warnings.map(warning => `(warning) ${warning}`)].join('\n  '));
    this.problems = problems;
    this.warnings = warnings;
  }
}

/**
 * Loads the configuration: defaults, over them the file (`file`, else `KEYBIN_CONFIG`, else `store.cfg` if it is there),
 * over it the environment, over it the flags. Throws `ConfigError`.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { file, found, environment, flags, directory = '.' } = options;
  const choice = chooseFile(file, environment, found);
  const fromFile = await readFileSource(choice, directory);
  const sources = [fromFile, await readEnvironment(environment, directory), flags].filter(
    source => source !== undefined,
  );
  const given = new Map(sources.flatMap(source => source.given.map(one => [`[${one.section}] ${one.key}`, one])));

  const base = fromFile === undefined ? resolve(directory) : dirname(resolve(directory, choice.path));
  const { config, wrong } = readValues(given, base);
  const together = checkTogether(config, given, new Set(wrong.keys()));
  const problems = [...sources.flatMap(source => source.problems), ...wrong.values(), ...together.problems];
  const warnings = [...sources.flatMap(source => source.warnings), ...together.warnings];
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  const origins = new Map([...given].map(([name, { where }]) => [name, where]));
  return { config, warnings, origins, ...(fromFile ? { file: choice.path } : {}) };
}

/** Types every value, paths of modules beginning at `directory`; a wrong one leaves the default in its place, and a sentence in `wrong` under its name. */
function readValues(
  given: ReadonlyMap<string, Given>,
  directory: string,
): { config: Config; wrong: Map<string, string> } {
  const wrong = new Map<string, string>();
  function read<T>(named: NamedOption, parse: (text: string) => T | undefined): T | undefined {
    const source = given.get(named.name);
    if (source === undefined) return undefined;
    const value = 'text' in source.found ? parse(source.found.text) : undefined;
    if (value === undefined) wrong.set(named.name, describe(named, source));
    return value;
  }
  const config = buildConfig(named => {
    const { option } = named;
    if (option.type !== 'lines') return read(named, option.parse) ?? option.default;
    const lines = [...given.values()].filter(({ section }) => section === named.section);
    return lines.flatMap(({ section, key: label }) => {
      const line = findOption(section, label);
      const item = line && read(line, text => option.parse(text, directory));
      return item === undefined ? [] : Object.freeze({ label, ...item });
    });
  });
  return { config, wrong };
}

const LONGEST_QUOTE = 100;

function describe({ name, option }: NamedOption, { found: given, where }: Given): string {
  if ('problem' in given) return given.problem;
  const { text } = given;
  const shown = option.mask?.(text) ?? text;
  const cut = shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}…` : shown;
  const found = text === '' ? 'nothing' : JSON.stringify(cut);
  const hint = option.hint?.(text);
  return `${where}: ${name}: found ${found}, expected ${option.expected}${hint === undefined ? '' : `; ${hint}`}`;
}
