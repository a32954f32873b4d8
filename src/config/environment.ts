/** Environment variables as a source of options. */

import { nearest } from './nearest.ts';
import { type NamedOption, optionList } from './options.ts';
import { didYouMean, type Environment, type Given, readText, type Source } from './source.ts';

const NOT_OPTIONS = ['KEYBIN_CONFIG', 'KEYBIN_BUILD_COMMIT'];
/** What Kubernetes sets in every container beside a service called keybin. */
const KUBERNETES = /^KEYBIN_(SERVICE_(HOST|PORT(_.*)?)|PORT(_\d+_(TCP|UDP).*)?)$/;

/** Reads `KEYBIN_<SECTION>_<KEY>`, and for secrets the file that `KEYBIN_<SECTION>_<KEY>_FILE` names. */
export async function readEnvironment(environment: Environment, directory: string): Promise<Source> {
  const given = new Map<NamedOption, Given>();
  const problems: string[] = [];
  const known = new Set(NOT_OPTIONS);
  for (const option of optionList) {
    const { variable } = option;
    const text = environment[variable];
    known.add(variable);
    if (text !== undefined) given.set(option, { text: text.trim(), where: variable });
    if (option.option.mask === undefined) continue;

    const where = `${variable}_FILE`;
    const path = environment[where];
    known.add(where);
    if (path === undefined) continue;
    if (text !== undefined) {
      problems.push(`${variable} and ${where} are both given; expected one of them`);
      continue;
    }
    const content = await readText({ path, named: where }, directory);
    if (content && 'text' in content) given.set(option, { text: content.text.replace(/\r?\n$/, ''), where });
    else if (content) problems.push(content.problem);
  }
  const warnings = Object.keys(environment)
    .filter(name => name.startsWith('KEYBIN_') && !known.has(name) && !KUBERNETES.test(name))
    .map(name => `${name} is not known and is ignored${didYouMean(nearest(name, known))}`);
  return { given, problems, warnings };
}
