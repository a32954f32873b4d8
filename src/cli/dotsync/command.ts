import type { Command } from 'commander';
import { define, type Making } from '../command.ts';
import type { Context } from '../context.ts';
import { add } from './commands/add.ts';
import { diff } from './commands/diff.ts';
import { init } from './commands/init.ts';
import { ls } from './commands/ls.ts';
import { resolve } from './commands/resolve.ts';
import { rm } from './commands/rm.ts';
import { service } from './commands/service.ts';
import { status } from './commands/status.ts';
import { sync } from './commands/sync.ts';
import { watch } from './commands/watch.ts';

/** `keybin dotsync`. */
export function dotsync(context: Context, making: Making): Command {
  const command = define(
    'dotsync',
    'Keeps configuration files equal on several machines. No edit is lost: what was changed on two machines lies side by side until somebody merges it.',
    [
      [
        'the first steps',
        'dotsync init https://keybin.example.com && keybin dotsync add ~/.vimrc && keybin dotsync sync',
      ],
      ['from now on by itself', 'dotsync service install'],
    ],
    making,
  );
  for (const make of [init, add, rm, ls, sync, status, diff, resolve, watch, service]) {
    command.addCommand(make(context, making));
  }
  return command;
}
