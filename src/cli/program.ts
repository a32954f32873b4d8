/** The commands of `keybin`. Each is loaded when it is called: the start is most of what a short command takes. */

import type { Command } from 'commander';
import type { Making } from './command.ts';
import type { Context } from './context.ts';

/** A command, before it is loaded. */
export interface Entry {
  readonly name: string;
  readonly group: string;
  /** One line, for the overview. */
  readonly summary: string;
  readonly load: () => Promise<(context: Context, making: Making) => Command>;
}

/** All commands, in the order of the overview. */
export const entries: readonly Entry[] = [
  {
    name: 'completion',
    group: 'Shell',
    summary: 'writes a script that has a shell complete commands',
    load: async () => (await import('./completion/completion.ts')).completion,
  },
];

/** The overview of all commands. */
export function overview(): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  const groups = [...new Set(entries.map(({ group }) => group))];
  const lines = groups.map(group => {
    const inGroup = entries.filter(entry => entry.group === group);
    return `${group}:\n${inGroup.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}`;
  });
  return `Usage: keybin <command> [arguments]

Keeps values on a Keybin server.

${lines.join('\n')}
Options:
  -h, --help     shows this; behind a command, all about that command
  -V, --version  shows the version

Environment:
  KEYBIN_URL     the server, instead of that of keybin login
  KEYBIN_TOKEN   the token, instead of that of keybin login

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found or condition not met, 4 not signed in, 130 interrupted.

Examples:
  # signs in, once
  keybin login https://keybin.example.com --user ann
  # stores a value, and reads it
  keybin set greeting hello && keybin get greeting
`;
}

/** The command line as a tree, with every command loaded: for completion and the reference. */
export async function wholeProgram(context: Context, said: Making['said'] = () => {}): Promise<Command> {
  const { define } = await import('./command.ts');
  const making: Making = { said, whole: () => wholeProgram(context) };
  const program = define('keybin', 'Keeps values on a Keybin server.', [], making);
  for (const { summary, load } of entries) program.addCommand((await load())(context, making).summary(summary));
  return program;
}
