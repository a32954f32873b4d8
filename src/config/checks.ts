/** Rules over several options at once. */

import { type Config, type NamedOption, optionList, options, readOption } from './options.ts';
import type { Given } from './source.ts';

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
  readonly check: (facts: Facts) => string | undefined;
}

const COLLECTIONS = ['[STORE] store_collection', '[STORE] users_collection', '[STORE] token_collection'];

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
];

/** These are said and do not stop the start. */
const advice: readonly Rule[] = [
  {
    reads: ['[APP] debug', '[APP] log_level'],
    check: ({ config: { APP }, place }) =>
      APP.debug && !['debug', options.APP.log_level.default].includes(APP.log_level)
        ? `${place('[APP] log_level')}: ${APP.log_level} has no effect while [APP] debug is on`
        : undefined,
  },
];

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

/** Applies all rules whose options are right by themselves. */
export function checkTogether(
  config: Config,
  given: ReadonlyMap<NamedOption, Given>,
  wrong: ReadonlySet<NamedOption>,
): { problems: string[]; warnings: string[] } {
  const where = new Map([...given].map(([option, { where }]) => [option.name, where]));
  const wrongNames = new Set([...wrong].map(option => option.name));
  const facts: Facts = {
    config,
    place: name => [where.get(name), name].filter(Boolean).join(': '),
  };
  const apply = (list: readonly Rule[]) =>
    list.filter(({ reads }) => !reads.some(name => wrongNames.has(name))).flatMap(({ check }) => check(facts) ?? []);
  return { problems: apply(rules), warnings: apply(advice) };
}
