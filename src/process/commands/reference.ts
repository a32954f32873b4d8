/** `docs/server-commands.md`, written of the commands themselves. */

import type { Argument, Command, Option } from 'commander';
import type { Running } from './frame.ts';
import { commands } from './list.ts';
import { programOf } from './running.ts';

/** The text of `docs/server-commands.md`. */
export async function renderCommands(): Promise<string> {
  const running: Running = { stoppable: work => work(new AbortController().signal) };
  const program = await programOf(Object.keys(commands).sort(), running);
  return `${[HEAD, ...program.commands.flatMap(command => section(command, 'keybin-server'))].join('\n')}\n`;
}

function section(command: Command, before: string): string[] {
  const name = `${before} ${command.name()}`;
  const sub = command.commands;
  const own = hasAction(command)
    ? [`    ${[name, ...command.registeredArguments.map(shown), '[options]'].join(' ')}`, '']
    : [];
  const described = [...command.registeredArguments.map(argumentRow), ...command.options.map(optionRow)];
  const table = described.length === 0 ? [] : ['| | |', '|---|---|', ...described, ''];
  const examples = hasAction(command) ? examplesOf(command) : [];
  return [
    `## ${name}`,
    '',
    `${sentence(command.description())}`,
    '',
    ...own,
    ...table,
    ...examples,
    ...sub.flatMap(one => section(one, name)),
  ];
}

/** A command that only has others does nothing by itself. */
function hasAction(command: Command): boolean {
  return command.commands.length === 0 || command.options.length > 0;
}

function shown(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentRow(argument: Argument): string {
  return row(`\`${shown(argument)}\``, argument.description);
}

function optionRow({ flags, description }: Option): string {
  return row(`\`${flags}\``, description);
}

function row(name: string, about: string): string {
  return `| ${name} | ${about.replaceAll('|', '\\|')} |`;
}

/** What stands below the help, as a block. */
function examplesOf(command: Command): string[] {
  let help = '';
  command.configureOutput({
    writeOut: text => {
      help += text;
    },
  });
  command.outputHelp();
  const lines = help
    .slice(help.indexOf('\nExamples\n') + 1)
    .split('\n')
    .slice(2)
    .filter(line => line !== '');
  return ['```', ...lines.map(line => line.replace(/^ {2}/, '')), '```', ''];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const HEAD = `# Commands of the server

This page is written of the commands themselves by \`npm run docs\`; do not edit it by hand.

They work on the data of the server, on its machine, under its user, and with its configuration: \`--config FILE\`, \`KEYBIN_CONFIG\` or
\`./store.cfg\`, and the environment. The server may run meanwhile, unless a command says otherwise. \`keybin-server COMMAND --help\` shows the
same. Plugins are not loaded: they are not told of what a command does.

- The answer is on the standard output, everything else on the standard error output. On a terminal tables have titles; elsewhere there are
  tabs between the cells. \`--json\` prints JSON.
- What destroys asks first; \`--yes\` answers. Where nobody sits at a terminal, nobody is asked.
- Exit codes: 0 done, 1 failed, 2 wrong command line, 3 not found or not as demanded, 70 a mistake of the program, 130 interrupted.
- What changes something about an account is in the audit log, \`by the command line\`.
`;
