/** The configuration file: which one, and what it gives. */

import { type IniFile, readIniFile } from './ini-file.ts';
import { nearest } from './nearest.ts';
import { type NamedOption, optionList } from './options.ts';
import { didYouMean, type Environment, type FileChoice, type Given, readText, type Source } from './source.ts';

/** `--config`, else `KEYBIN_CONFIG`, else `store.cfg`. */
export function chooseFile(argument: string | undefined, environment: Environment): FileChoice {
  if (argument !== undefined) return { path: argument, named: '--config' };
  const path = environment.KEYBIN_CONFIG;
  return path === undefined ? { path: 'store.cfg' } : { path, named: 'KEYBIN_CONFIG' };
}

/** Reads the file; undefined when it is absent and nobody named it. */
export async function readFileSource(choice: FileChoice, directory: string): Promise<Source | undefined> {
  const found = await readText(choice, directory);
  if (found === undefined) return undefined;
  if ('problem' in found) return { given: new Map(), problems: [found.problem], warnings: [] };
  return matchFile(readIniFile(found.text), choice.path);
}

function matchFile(file: IniFile, path: string): Source {
  const given = new Map<NamedOption, Given>();
  const warnings: string[] = [];
  const sectionNames = new Set<string>(optionList.map(({ section }) => section));
  for (const [section, line] of file.sections) {
    if (sectionNames.has(section)) continue;
    warnings.push(
      `${path}:${line}: section [${section}] is not known and is ignored${didYouMean(nearest(section, sectionNames))}`,
    );
  }
  for (const { section, key, value, line } of file.entries) {
    if (!sectionNames.has(section)) continue;
    const option = optionList.find(known => known.section === section && known.key === key);
    if (option) given.set(option, { text: value, where: `${path}:${line}` });
    else
      warnings.push(
        `${path}:${line}: [${section}] ${key} is not known and is ignored${didYouMean(nearestKey(section, key))}`,
      );
  }
  const problems = file.problems.map(({ line, message }) => `${path}:${line}: ${message}`);
  return { given, problems, warnings };
}

/** A key of the same name in another section, else one of a similar name in this section. */
function nearestKey(section: string, key: string): string | undefined {
  const elsewhere = optionList.find(known => known.key === key);
  const here = optionList.filter(known => known.section === section).map(known => known.key);
  return elsewhere?.name ?? nearest(key, here);
}
