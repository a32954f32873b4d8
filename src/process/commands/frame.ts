/** What all commands have in common: `--config`, `--json`, two examples, how answers look. */

import type { Command } from 'commander';
import { type Column, renderTable } from '../../terminal/table.ts';

/** What a command may ask of whoever runs it. */
export interface Running {
  /**
   * Long work that ends by itself, and soon, once its signal is aborted: by Ctrl-C, say. It then throws a `CommandError` with the exit
   * code `EXIT.interrupted` that says how to go on. What is not done so ends at once.
   */
  stoppable<T>(work: (stopping: AbortSignal) => Promise<T>): Promise<T>;
}

/** Adds a command, with its options, help and action, to the program. */
export type Define = (program: Command, running: Running) => void;

/** Options of every command. */
export interface Common {
  /** The argument of `--config`. */
  readonly config?: string;
  readonly json?: true;
}

/** How a command is called, without `keybin-server`, and what that does. */
export type Example = readonly [args: string, does: string];

/** Adds what every command has. A command without an answer to print takes no `--json`. */
export function framed(command: Command, examples: readonly Example[], { json = true } = {}): Command {
  command.option('--config <file>', 'read this configuration file, as the server does');
  if (json) command.option('--json', 'print JSON');
  return exemplified(command, examples);
}

/** Adds the examples alone: of a command that only has others. */
export function exemplified(command: Command, examples: readonly Example[]): Command {
  const lines = examples.flatMap(([args, does]) => [`  keybin-server ${args}`, `      ${does}`]);
  return command.addHelpText('after', ['', 'Examples', '', ...lines].join('\n'));
}

/** Prints one answer: `value` as JSON where that was asked for, else the sentence. */
export function answer({ json }: Common, value: unknown, sentence: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${sentence}\n`);
}

/**
 * Prints rows as they come: with `--json` as an array, one a line; as a table with a title on a terminal; elsewhere with tabs between
 * the cells, and no title. Returns how many there were.
 */
export async function answerRows<T>(
  { json }: Common,
  rows: AsyncIterable<T> | Iterable<T>,
  columns: readonly Column<T>[],
): Promise<number> {
  let count = 0;
  if (json) {
    for await (const row of rows) process.stdout.write(`${count++ === 0 ? '[' : ','}\n${JSON.stringify(row)}`);
    process.stdout.write(count === 0 ? '[]\n' : '\n]\n');
    return count;
  }
  if (process.stdout.isTTY) {
    const all: T[] = [];
    for await (const row of rows) all.push(row);
    process.stdout.write(renderTable(all, columns, 'aligned'));
    return all.length;
  }
  for await (const row of rows) {
    process.stdout.write(renderTable([row], columns, 'tabs'));
    count++;
  }
  return count;
}
