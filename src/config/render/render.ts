/** Writes the option table as `store.cfg.example` and `docs/configuration.md`, and a configuration as `--check-config`. */

import { writeValue } from '../ini-file.ts';
import { type Config, type NamedOption, optionList, readOption, type Section, sections } from '../options.ts';

function bySection(): { section: Section; about: string; options: NamedOption[] }[] {
  return (Object.keys(sections) as Section[]).map(section => ({
    section,
    about: sections[section],
    options: optionList.filter(option => option.section === section),
  }));
}

/** A value as it is written in the file. */
function format(value: unknown): string {
  return writeValue(textOf(value));
}

function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The text of `store.cfg.example`: every option with its default, switched off by `#`. */
export function renderExample(): string {
  const head = [
    '; Configuration of keybin-server. Copy it to store.cfg and take the # away from what you want to change.',
    '; Every line below that begins with # shows a default. More: docs/configuration.md',
  ];
  const body = bySection().flatMap(({ section, about, options }) => [
    '',
    `; ${about}`,
    `[${section}]`,
    ...options.flatMap(exampleLines),
  ]);
  return `${[...head, ...body].join('\n')}\n`;
}

function exampleLines({ key, option }: NamedOption): string[] {
  const elsewhere = `; Secret: \`${option.type === 'lines' ? '<label>' : key}_file\` may name a file that holds it instead.`;
  return [
    '',
    `; ${option.doc}`,
    `; Takes ${option.expected}.`,
    ...(option.mask ? [elsewhere] : []),
    option.type === 'lines' ? `;${option.example}` : `#${key}=${format(option.default)}`,
  ];
}

/** The text of `docs/configuration.md`. */
export function renderReference(): string {
  const tables = bySection().flatMap(({ section, about, options }) => [
    '',
    `## [${section}]`,
    '',
    about,
    '',
    '| Option | Value | Default | Environment | Changes | What it is |',
    '|---|---|---|---|---|---|',
    ...options.map(referenceRow),
  ]);
  return `${[REFERENCE, ...tables].join('\n')}\n`;
}

function referenceRow({ key, variable, option }: NamedOption): string {
  const lines = option.type === 'lines';
  const shown = lines ? '' : format(option.default);
  const cells = [
    lines ? '`<label>`' : `\`${key}\``,
    lines ? `${option.expected}; for example \`${option.example}\`` : option.expected,
    shown === '' ? 'none' : `\`${shown}\``,
    `\`${variable}\`${option.mask ? `, \`${variable}_FILE\`` : ''}`,
    option.live ? 'reload' : 'restart',
    option.mask ? `${option.doc} Secret.` : option.doc,
  ];
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/**
 * A configuration in the form of the file, secrets masked. `origins` says where values were given: they follow as comments,
 * values without one are defaults.
 */
export function renderEffective(config: Config, origins: ReadonlyMap<string, string> = new Map()): string {
  const blocks = bySection().map(({ section, options }) => {
    const lines = options.flatMap(named => {
      const { mask } = named.option;
      return entriesOf(named, readOption(config, named)).map(([key, text]) => {
        const origin = origins.get(`[${section}] ${key}`);
        return `${key}=${writeValue(mask?.(text) ?? text)}${origin === undefined ? '' : ` ; ${origin}`}`;
      });
    });
    return [`[${section}]`, ...lines, ''].join('\n');
  });
  return blocks.join('\n');
}

/** A value in force; `origin` says where it was given, and is absent for a default. */
export interface ValueInForce {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  readonly origin?: string;
}

/** Every value of a configuration as its text in the file, secrets masked. */
export function valuesInForce(config: Config, origins: ReadonlyMap<string, string>): ValueInForce[] {
  return optionList.flatMap(named =>
    entriesOf(named, readOption(config, named)).map(([key, text]) => {
      const origin = origins.get(`[${named.section}] ${key}`);
      const value = named.option.mask?.(text) ?? text;
      return { section: named.section, key, value, ...(origin !== undefined && { origin }) };
    }),
  );
}

/** Keys and texts in the file that give an option this value. */
function entriesOf({ key, option }: NamedOption, value: unknown): [key: string, text: string][] {
  if (option.type !== 'lines') return [[key, textOf(value)]];
  return (value as typeof option.default).map(item => [item.label, option.write(item)]);
}

const REFERENCE = `# Configuration

This page is written from the option table in \`src/config/options.ts\` by \`npm run docs\`; do not edit it by hand.

Without any configuration the server listens on 127.0.0.1:5000 and keeps its data in \`./data\`. Values come from, the later
over the earlier:

1. the defaults below;
2. one file: the argument of \`--config\`, else what \`KEYBIN_CONFIG\` names, else \`store.cfg\` in the working directory if it
   is there. A file that was named and cannot be read stops the start;
3. environment variables, \`KEYBIN_<SECTION>_<KEY>\`;
4. flags: \`--listen\` (\`[APP] host\`), \`--port\` (\`[APP] port\`), \`--data\` (a folder, as \`file:…\` of \`[STORE] host\`),
   \`--admin-user\`, and one of \`--admin-pass-file\`, \`--admin-pass-stdin\`, \`--admin-pass\`. They are read once, at the start.

What is called secret below may be in a file of its own, which \`<key>_file\` names in the file, or
\`KEYBIN_<SECTION>_<KEY>_FILE\` in the environment, instead of the value: its text is the value, without a line break at its
end. A relative path begins at the working directory, wherever the configuration file is.

\`keybin-server --check-config\` loads all of it, prints the values in force with secrets masked and where each was given, and
stops. Everything wrong is reported at once, with its place, what was found and what is expected. Sections, keys and
variables that are not known are warned about and ignored.

**Changes** says what it takes: after SIGHUP the server reads the file again and options marked *reload* change at once;
those marked *restart* are named in the log and wait. What cannot be loaded changes nothing.

\`KEYBIN_BUILD_COMMIT\` is no option: the health route shows it.

## The file

\`\`\`ini
; a comment
[APP]
port=8080               ; a comment after a space
[STORE]
host=file:./data
\`\`\`

- \`key=value\` or \`key: value\`; sections and keys in any letter case; each key once. UTF-8.
- \`;\` and \`#\` begin a comment at the beginning of a line or after a space. Elsewhere they belong to the value.
- A value in quotes keeps what is in them: \`"a ; b"\`, with escapes as in JSON, or \`'a ; b'\`, without escapes.
- Without quotes \`\\;\`, \`\\#\` and \`\\\\\` stand for \`;\`, \`#\` and \`\\\`; any other \`\\\` is itself.
- In a connection string \`%%\` is read as \`%\`: files written for Python's configparser have it so. User name and password
  are percent-encoded, as everywhere in connection strings.
- An empty value is wrong, except for a list and where the default is none.
- In a section whose keys are labels, every line is one of its items, and none is unknown. The environment gives lines as
  well, and replaces those of the same label; labels are in lower case, and end in \`_file\` only to name a file.`;
