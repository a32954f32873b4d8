/** `keybin-server user …`: the accounts, on the server's machine, without a page. */

import type { Command } from 'commander';
import { type Define, exemplified } from '../frame.ts';
import { defineList } from './ls.ts';
import { defineAdd, definePasswd } from './passwords.ts';
import { defineBlock, defineRemove, defineUnblock } from './standing.ts';

/** Adds the command. */
export const define: Define = program => {
  const user: Command = program
    .command('user')
    .description('accounts: list, add, give another password, block, delete; the server may run meanwhile')
    .helpCommand(false);
  exemplified(user, [
    ['user ls', 'All accounts.'],
    ['user add ann', 'Makes one; asks for its password.'],
  ]);
  defineList(user);
  defineAdd(user);
  definePasswd(user);
  defineBlock(user);
  defineUnblock(user);
  defineRemove(user);
};
