import { Argument, type Command } from 'commander';
import { define, type Making } from '../command.ts';
import type { Context } from '../context.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { placesOf } from './places.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `keybin completion`. */
export function completion({ stdout }: Context, making: Making): Command {
  return define(
    'completion',
    'Writes a script that has the shell complete commands and options. It is made of the commands themselves: after an update it is to be written anew.',
    [
      ['in ~/.bashrc', 'completion bash >> ~/.bashrc'],
      ['for fish', 'completion fish > ~/.config/fish/completions/keybin.fish'],
    ],
    making,
  )
    .addArgument(new Argument('<shell>', 'which one').choices(Object.keys(SCRIPTS)))
    .action(async (shell: keyof typeof SCRIPTS) => stdout.write(SCRIPTS[shell](placesOf(await making.whole()))));
}
