/** The sections `[PLUGINS]`, `<name>=<module>`, and `[PLUGIN.<name>]`, whose lines are handed over to the plugin. */

import { resolve } from 'node:path';
import { HIDDEN, type LinesOption } from './option.ts';

/** What a plugin may be called: its sections are named after it. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** The module of a plugin: a path that begins with `/`, `./` or `../`, or the name of an installed package. */
export function plugins(doc: string) {
  return {
    type: 'lines',
    default: [] as readonly { readonly label: string; readonly module: string }[],
    expected: 'a path that begins with `./`, `../` or `/`, or the name of an installed package',
    doc,
    parse: (text, directory) => {
      if (/^\.{0,2}\//.test(text)) return { module: resolve(directory, text) };
      return /^(@[\w.~-]+\/)?[\w.~-]+$/.test(text) ? { module: text } : undefined;
    },
    write: ({ module }) => module,
    example: 'rounding=./plugins/rounding.mjs',
  } satisfies LinesOption<{ readonly module: string }>;
}

/** Options of plugins. The label is `<plugin>.<key>`. They may be secrets: they are never shown. */
export function pluginOptions(doc: string) {
  return {
    type: 'lines',
    default: [] as readonly { readonly label: string; readonly text: string }[],
    expected: 'a text',
    doc,
    parse: text => ({ text }),
    mask: () => HIDDEN,
    write: ({ text }) => text,
    example: 'rounding.minutes=15',
  } satisfies LinesOption<{ readonly text: string }>;
}

/** Whether a plugin may be called so. */
export function isPluginName(name: string): boolean {
  return NAME.test(name);
}
