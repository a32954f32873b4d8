/** The configuration file: which one, and what it gives. */

import { type IniEntry, type IniFile, readIniFile } from './ini-file.ts';
import { nearest } from './nearest.ts';
import { findOption, type NamedOption, optionList } from './options.ts';
import {
  didYouMean,
  type Environment,
  type FileChoice,
  type Found,
  type Given,
  readSecretFile,
  readText,
  type Source,
} from './source.ts';

/** Ends the key of a secret whose value is in a file of its own. */
const FILE = /(?<=.)_file$/;

/** A section with the options of one plugin. */
const PLUGIN = /^PLUGIN\.(.+)$/;

/** `--config`, else `KEYBIN_CONFIG`, else `store.cfg`, which has to be there when it was `found` before. */
export function chooseFile(argument: string | undefined, environment: Environment, found?: string): FileChoice {
  if (argument !== undefined) return { path: argument, named: '--config' };
  const path = environment.KEYBIN_CONFIG;
  if (path !== undefined) return { path, named: 'KEYBIN_CONFIG' };
  return { path: 'store.cfg', optional: found === undefined };
}

/** Reads the file, and those it names; undefined when it is absent and may be. */
export async function readFileSource(choice: FileChoice, directory: string): Promise<Source | undefined> {
  const found = await readText(choice, directory);
  if ('text' in found) return matchFile(readIniFile(found.text), choice.path, directory);
  if (found.absent && choice.optional) return undefined;
  return { given: [], problems: [found.problem], warnings: [] };
}

async function matchFile(file: IniFile, path: string, directory: string): Promise<Source> {
  const given: Given[] = [];
  const warnings: string[] = [];
  const sectionNames = new Set<string>(optionList.map(({ section }) => section));
  for (const [section, line] of file.sections) {
    if (sectionNames.has(section) || PLUGIN.test(section)) continue;
    warnings.push(
      `${path}:${line}: section [${section}] is not known and is ignored${didYouMean(nearest(section, sectionNames))}`,
    );
  }
  const first = new Map<string, IniEntry>();
  for (const written of file.entries) {
    const entry = asOption(written);
    const { section, key } = entry;
    if (!sectionNames.has(section)) continue;
    const where = `${path}:${entry.line}`;
    const place = `${where}: [${written.section}] ${written.key}`;
    const { option, isPath } = meaning(entry);
    if (option === undefined) {
      warnings.push(`${place} is not known and is ignored${didYouMean(nearestKey(section, key))}`);
      continue;
    }
    // A label may have been meant to end in `_file`: then the value is no path but a key.
    const secret = { path: entry.value, named: place, hidden: option.option.type === 'lines' };
    let found = isPath ? await readSecretFile(secret, directory) : { text: entry.value };
    const other = first.get(option.name);
    if (other) found = givenTwice(place, other);
    else first.set(option.name, entry);
    given.push({ section, key: option.key, where, found });
  }
  const problems = file.problems.map(({ line, message }) => `${path}:${line}: ${message}`);
  return { given, problems, warnings };
}

/** `[PLUGIN.<name>] <key>` is the line `<name>.<key>` of `[PLUGIN]`. */
function asOption(entry: IniEntry): IniEntry {
  const [, plugin] = PLUGIN.exec(entry.section) ?? [];
  return plugin === undefined ? entry : { ...entry, section: 'PLUGIN', key: `${plugin.toLowerCase()}.${entry.key}` };
}

/** The option that an entry sets, and whether its value is the path of a file that holds it. */
function meaning({ section, key }: IniEntry): { option: NamedOption | undefined; isPath: boolean } {
  const secret = FILE.test(key) ? findOption(section, key.replace(FILE, '')) : undefined;
  return secret?.option.mask ? { option: secret, isPath: true } : { option: findOption(section, key), isPath: false };
}

function givenTwice(place: string, { section, key, line }: IniEntry): Found {
  return { problem: `${place} and, in line ${line}, [${section}] ${key} are both given; expected one of them` };
}

/** A key of the same name in another section, else one of a similar name in this section. */
function nearestKey(section: string, key: string): string | undefined {
  const elsewhere = optionList.find(known => known.key === key);
  const here = optionList.filter(known => known.section === section).map(known => known.key);
  return elsewhere?.name ?? nearest(key, here);
}
