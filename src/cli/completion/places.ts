/** What may be typed where, read off the tree of commands. */

import type { Command, Option } from 'commander';

/** A word, and what it does. */
export interface Word {
  readonly word: string;
  readonly does: string;
}

/** A place on the command line: behind a command, or behind `keybin` itself. */
export interface Place {
  /** ` token new`: each word with a space before it; empty behind `keybin`. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly (Word & { readonly takesValue: boolean })[];
  /** What its first argument can be. */
  readonly choices: readonly Word[];
}

/** Every place of a program, the first behind its name. */
export function placesOf(command: Command, path = ''): readonly Place[] {
  const commands = command.commands.map(child => ({
    word: child.name(),
    does: child.summary() || child.description(),
  }));
  const options = [...command.createHelp().visibleOptions(command)].flatMap(wordsOf);
  const choices = (command.registeredArguments[0]?.argChoices ?? []).map(word => ({ word, does: '' }));
  const below = command.commands.flatMap(child => placesOf(child, `${path} ${child.name()}`));
  return [{ path, commands, options, choices }, ...below];
}

function wordsOf({ short, long, description, required, optional }: Option) {
  return [short, long].flatMap(word =>
    word === undefined ? [] : [{ word, does: description, takesValue: required || optional }],
  );
}

/** Cases of a shell's `case` for the paths of all commands. */
export function commandPaths(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|');
}

/** Options behind which something of their own stands. */
export function valuedOptions({ options }: Place): readonly string[] {
  return options.filter(({ takesValue }) => takesValue).map(({ word }) => word);
}

/** Words with a space between them. */
export function spelled(words: readonly Word[]): string {
  return words.map(({ word }) => word).join(' ');
}
