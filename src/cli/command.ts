/** How commands are declared: all of them alike, each with examples. */

import { Command, Option } from 'commander';

/** What it does, and the command line that does it, without `keybin`. */
export type Example = readonly [does: string, line: string];

/** What makes a command. `said` takes its help; `whole` is the tree of all commands. */
export interface Making {
  readonly said: (text: string) => void;
  readonly whole: () => Promise<Command>;
}

const examples = new WeakMap<Command, readonly Example[]>();

/** A command without arguments and options yet. Its reader throws what `failure.ts` knows, and writes nothing by itself. */
export function define(name: string, description: string, shown: readonly Example[], { said }: Making): Command {
  const command = new Command(name)
    .description(description)
    .helpOption('-h, --help', 'shows this')
    .helpCommand(false)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: said, writeErr: said, outputError: () => {}, getOutHelpWidth: () => 100 });
  examples.set(command, shown);
  if (shown.length > 0) {
    const lines = shown.map(([does, line]) => `  # ${does}\n  keybin ${line}\n`);
    command.addHelpText('after', `\nExamples:\n${lines.join('')}`);
  }
  return command;
}

/** The examples of a command. */
export function examplesOf(command: Command): readonly Example[] {
  return examples.get(command) ?? [];
}

/** Options that name who asks. */
export function profileOption(): Option {
  return new Option('--profile <name>', 'the sign-in to use; the one of keybin login without it');
}

/** The option of commands that print. */
export function jsonOption(): Option {
  return new Option('--json', 'prints JSON');
}
