/** `docs/cli.md`, made of the commands themselves. */

import { type Command, Help } from 'commander';
import { examplesOf } from './command.ts';
import type { Context } from './context.ts';
import { overview, wholeProgram } from './program.ts';

const HEAD = `# keybin

The command line for people and scripts: it keeps values on a Keybin server, over HTTP alone. \`npm run docs\` writes this page from the
commands; \`keybin <command> --help\` shows the same.

## Rules for all commands

- Data goes to the standard output, everything else to the standard error output. On a terminal lists are aligned under titles, and a value
  that is no text is refused; elsewhere cells are separated by tabs, without titles, and bytes go out as they are. \`--json\` prints JSON.
- Nothing is asked where there is no terminal: what would be asked is then an error that names the option. What destroys asks first, unless
  \`--yes\` is given.
- A password is never an argument, and neither is a token: others on the machine can read command lines. \`--password-stdin\` takes it from a pipe.
- Ctrl-C stops cleanly and says how to go on. A command of \`lock\` gets the signal itself.
- Work that takes longer than a second shows on the standard error output how far it is: as a bar on a terminal, as a line every ten seconds elsewhere.

| Exit code | Means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | the command line is wrong |
| 3 | not found, or a condition is not met |
| 4 | not signed in, or no longer |
| 130 | interrupted |

| Environment | Means |
|---|---|
| \`KEYBIN_URL\` | the server; without \`KEYBIN_TOKEN\` there has to be a sign-in for it |
| \`KEYBIN_TOKEN\` | the token, in place of a sign-in |
| \`XDG_CONFIG_HOME\` | where \`keybin/config.json\` lies, \`~/.config\` without it: sign-ins, readable by their user alone |
| \`VISUAL\`, \`EDITOR\` | the editor of \`keybin edit\` |
| \`NO_COLOR\` | changes nothing: there are no colours |

\`--profile\` wins over the environment, the environment over the sign-in that was made last. A token is sent to no other server than the one that
it was made by. That of a sign-in is renewed by itself in the last third of its life.

## Overview

`;

/** Commands are looked at, and none is run. */
const NOWHERE = {} as Context;

/** The page. */
export async function renderCommands(): Promise<string> {
  const { commands } = await wholeProgram(NOWHERE);
  const text = commands.flatMap(command => sectionsOf(command, command.name(), 2)).join('\n');
  return `${HEAD}\`\`\`\n${overview()}\`\`\`\n\n${text}`;
}

function sectionsOf(command: Command, path: string, level: number): string[] {
  const below = command.commands.flatMap(child => sectionsOf(child, `${path} ${child.name()}`, level + 1));
  return [sectionOf(command, path, level), ...below];
}

function sectionOf(command: Command, path: string, level: number): string {
  const help = new Help();
  const rows = [
    ...help
      .visibleArguments(command)
      .map(argument => [help.argumentTerm(argument), help.argumentDescription(argument)]),
    ...help.visibleOptions(command).map(option => [help.optionTerm(option), help.optionDescription(option)]),
    ...help.visibleCommands(command).map(child => [help.subcommandTerm(child), help.subcommandDescription(child)]),
  ].filter(([term = '']) => !term.startsWith('-h,'));
  const table = rows.map(([term = '', does = '']) => `| \`${cell(term)}\` | ${cell(escaped(does))} |\n`).join('');
  const examples = examplesOf(command).map(([does, line]) => `# ${does}\nkeybin ${line}\n`);
  return `${'#'.repeat(level)} keybin ${path}

${escaped(command.description())}

\`keybin ${path} ${command.usage()}\`

${table === '' ? '' : `| | |\n|---|---|\n${table}\n`}\`\`\`sh
${examples.join('')}\`\`\`
`;
}

const cell = (text: string) => text.replaceAll('|', '\\|');

/** What Markdown would take for its own. */
const escaped = (text: string) => text.replace(/[<>*_]/g, character => `\\${character}`);
