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
    name: 'login',
    group: 'Account',
    summary: 'signs in, and keeps a token',
    load: async () => (await import('./account/login.ts')).login,
  },
  {
    name: 'logout',
    group: 'Account',
    summary: 'signs out, and revokes it',
    load: async () => (await import('./account/logout.ts')).logout,
  },
  {
    name: 'whoami',
    group: 'Account',
    summary: 'shows which account commands use',
    load: async () => (await import('./account/whoami.ts')).whoami,
  },
  {
    name: 'register',
    group: 'Account',
    summary: 'makes an account',
    load: async () => (await import('./account/register.ts')).register,
  },
  {
    name: 'passwd',
    group: 'Account',
    summary: 'gives it another password',
    load: async () => (await import('./account/passwd.ts')).passwd,
  },
  {
    name: 'token',
    group: 'Account',
    summary: 'makes, lists, revokes and renews tokens',
    load: async () => (await import('./tokens/token.ts')).token,
  },
  {
    name: 'get',
    group: 'Values',
    summary: 'writes a value to the standard output',
    load: async () => (await import('./values/get.ts')).get,
  },
  {
    name: 'set',
    group: 'Values',
    summary: 'stores a value',
    load: async () => (await import('./values/set.ts')).set,
  },
  {
    name: 'rm',
    group: 'Values',
    summary: 'removes values',
    load: async () => (await import('./values/rm.ts')).rm,
  },
  {
    name: 'ls',
    group: 'Values',
    summary: 'lists keys',
    load: async () => (await import('./values/ls.ts')).ls,
  },
  {
    name: 'info',
    group: 'Values',
    summary: 'shows what is known of a value',
    load: async () => (await import('./values/info.ts')).info,
  },
  {
    name: 'touch',
    group: 'Values',
    summary: 'gives a value another end',
    load: async () => (await import('./values/touch.ts')).touch,
  },
  {
    name: 'incr',
    group: 'Values',
    summary: 'adds to a counter',
    load: async () => (await import('./values/incr.ts')).incr,
  },
  {
    name: 'edit',
    group: 'Values',
    summary: 'opens a value in an editor',
    load: async () => (await import('./values/edit.ts')).edit,
  },
  {
    name: 'watch',
    group: 'Following',
    summary: 'follows changes',
    load: async () => (await import('./follow/watch.ts')).watch,
  },
  {
    name: 'lock',
    group: 'Following',
    summary: 'runs a command while it holds a lock',
    load: async () => (await import('./follow/lock.ts')).lock,
  },
  {
    name: 'export',
    group: 'Moving',
    summary: 'writes values as lines of JSON',
    load: async () => (await import('./transfer/export.ts')).exportCommand,
  },
  {
    name: 'import',
    group: 'Moving',
    summary: 'stores the values of an export',
    load: async () => (await import('./transfer/import.ts')).importCommand,
  },
  {
    name: 'dotsync',
    group: 'Files',
    summary: 'keeps configuration files equal on several machines',
    load: async () => (await import('./dotsync/command.ts')).dotsync,
  },
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
