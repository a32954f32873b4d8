import type { Command } from 'commander';
import { define, type Making } from '../command.ts';
import type { Context } from '../context.ts';
import { tokenLs } from './ls.ts';
import { tokenNew } from './new.ts';
import { tokenRenew } from './renew.ts';
import { tokenRm } from './rm.ts';

/** `keybin token`. */
export function token(context: Context, making: Making): Command {
  const command = define(
    'token',
    'Tokens: for programs that are to do less than their maker, and for a while.',
    [
      ['makes one that reads below flags/ for a week', 'token new --name shop --scope kv:r:flags/ --ttl 7d'],
      ['lists all that opens the account', 'token ls'],
    ],
    making,
  );
  for (const make of [tokenNew, tokenLs, tokenRm, tokenRenew]) command.addCommand(make(context, making));
  return command;
}
