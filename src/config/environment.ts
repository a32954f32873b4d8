/** Environment variables as a source of options. */

import { nearest } from './nearest.ts';
import { findOption, type NamedOption, optionList } from './options.ts';
import { didYouMean, type Environment, type Found, type Given, readSecretFile, type Source } from './source.ts';

const NOT_OPTIONS = ['KEYBIN_CONFIG', 'KEYBIN_BUILD_COMMIT'];
/** What Kubernetes sets in every container beside a service called keybin. */
const KUBERNETES = /^KEYBIN_(SERVICE_(HOST|PORT(_.*)?)|PORT(_\d+_(TCP|UDP).*)?)$/;

/** Reads `KEYBIN_<SECTION>_<KEY>`, and for secrets the file that `KEYBIN_<SECTION>_<KEY>_FILE` names. */
export async function readEnvironment(environment: Environment, directory: string): Promise<Source> {
  const given: Given[] = [];
  const known = new Set(NOT_OPTIONS);
  const all = optionList.flatMap(named => (named.option.type === 'lines' ? linesOf(named, environment) : named));
  for (const { section, key, variable, option } of all) {
    const text = environment[variable];
    known.add(variable);
    const inFile = `${variable}_FILE`;
    const path = option.mask === undefined ? undefined : environment[inFile];
    if (option.mask !== undefined) known.add(inFile);
    const give = (where: string, found: Found) => given.push({ section, key, where, found });
    if (text !== undefined && path !== undefined) {
      give(variable, { problem: `${variable} and ${inFile} are both given; expected one of them` });
    } else if (text !== undefined) {
      give(variable, { text: text.trim() });
    } else if (path !== undefined) {
      const secret = { path, named: inFile, hidden: option.type === 'lines' };
      give(inFile, await readSecretFile(secret, directory));
    }
  }
  const warnings = Object.keys(environment)
    .filter(name => name.startsWith('KEYBIN_') && !known.has(name) && !KUBERNETES.test(name))
    .map(name => `${name} is not known and is ignored${didYouMean(nearest(name, known))}`);
  return { given, problems: [], warnings };
}

/** The lines of a section that the environment gives, each once; labels are what a key of the file may be. */
function linesOf({ section }: NamedOption, environment: Environment): NamedOption[] {
  const variable = new RegExp(`^KEYBIN_${section}_([A-Z0-9_.-]+?)(_FILE)?$`);
  const labels = Object.keys(environment).flatMap(name => variable.exec(name)?.[1]?.toLowerCase() ?? []);
  return [...new Set(labels)].flatMap(label => findOption(section, label) ?? []);
}
