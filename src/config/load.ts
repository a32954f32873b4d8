/** File and environment -> one frozen configuration, or one error that lists everything that is wrong. */

import { StartupError } from '../errors.ts';
import { checkTogether } from './checks.ts';
import { readEnvironment } from './environment.ts';
import { chooseFile, readFileSource } from './file.ts';
import { buildConfig, type Config, type NamedOption } from './options.ts';
import type { Environment, Given } from './source.ts';

/** What to load from. */
export interface LoadOptions {
  /** The argument of `--config`. */
  readonly file?: string | undefined;
  readonly environment: Environment;
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
  /** Where each given value stands, by `[SECTION] key`: "store.cfg:7" or "KEYBIN_APP_PORT". */
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
 * over it the environment. Throws `ConfigError`.
 */
export async function loadConfig({ file, environment, directory = '.' }: LoadOptions): Promise<LoadedConfig> {
  const choice = chooseFile(file, environment);
  const fromFile = await readFileSource(choice, directory);
  const fromEnvironment = await readEnvironment(environment, directory);
  const given = new Map([...(fromFile?.given ?? []), ...fromEnvironment.given]);

  const { config, wrong } = readValues(given);
  const together = checkTogether(config, given, new Set(wrong.keys()));
  const problems = [
    ...(fromFile?.problems ?? []),
    ...fromEnvironment.problems,
    ...wrong.values(),
    ...together.problems,
  ];
  const warnings = [...(fromFile?.warnings ?? []), ...fromEnvironment.warnings, ...together.warnings];
  if (problems.length > 0) throw new ConfigError(problems, warnings);
  const origins = new Map([...given].map(([option, { where }]) => [option.name, where]));
  return { config, warnings, origins, ...(fromFile ? { file: choice.path } : {}) };
}

/** Types every value; a wrong one leaves the default in its place and a sentence in `wrong`. */
function readValues(given: ReadonlyMap<NamedOption, Given>): { config: Config; wrong: Map<NamedOption, string> } {
  const wrong = new Map<NamedOption, string>();
  const config = buildConfig(named => {
    const source = given.get(named);
    const value = source === undefined ? named.option.default : named.option.parse(source.text);
    if (source !== undefined && value === undefined) wrong.set(named, describe(named, source));
    return value ?? named.option.default;
  });
  return { config, wrong };
}

const LONGEST_QUOTE = 100;

function describe({ name, option }: NamedOption, { text, where }: Given): string {
  const shown = option.mask?.(text) ?? text;
  const cut = shown.length > LONGEST_QUOTE ? `${shown.slice(0, LONGEST_QUOTE)}…` : shown;
  const found = text === '' ? 'nothing' : JSON.stringify(cut);
  const hint = option.hint?.(text);
  return `${where}: ${name}: found ${found}, expected ${option.expected}${hint === undefined ? '' : `; ${hint}`}`;
}
