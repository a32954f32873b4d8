import type { Command } from 'commander';
import { accountNotFound, setBlocked } from '../../../core/accounts/accounts.ts';
import { eraseAccount, markForErasing } from '../../../core/accounts/erase.ts';
import { by } from '../../../core/admin/deed.ts';
import { demandYes } from '../asked.ts';
import { answer, type Common, framed } from '../frame.ts';
import { withCore } from '../with-core.ts';
import { accountOf, commandLine } from './deed.ts';

/** Adds `user block`. */
export function defineBlock(user: Command): void {
  const block = user
    .command('block')
    .description('shut an account out of every API; its tokens and sessions end, its data stays')
    .argument('<name>', 'name, e-mail or id');
  framed(block, [
    ['user block ann', 'From now on nothing opens it.'],
    ['user block ann@example.org --json', 'Found by e-mail; says whether it was blocked before.'],
  ]).action((who: string, options: Common) => change(who, options, true));
}

/** Adds `user unblock`. */
export function defineUnblock(user: Command): void {
  const unblock = user
    .command('unblock')
    .description('let an account in again that was blocked')
    .argument('<name>', 'name, e-mail or id');
  framed(unblock, [
    ['user unblock ann', 'It may log in again.'],
    ['user unblock ann --config /etc/keybin/store.cfg', 'Of the server with this configuration.'],
  ]).action((who: string, options: Common) => change(who, options, false));
}

/** Adds `user rm`. */
export function defineRemove(user: Command): void {
  const rm = user
    .command('rm')
    .description('delete accounts with all they have; there is no way back')
    .argument('<name...>', 'names, e-mails or ids')
    .option('--yes', 'do not ask');
  framed(rm, [
    ['user rm ann', 'Asks first.'],
    ['user rm --yes ann bob', 'Deletes both without asking.'],
  ]).action((names: string[], options: Common & { yes?: true }) =>
    withCore(options, async core => {
      const accounts = [];
      for (const who of names) accounts.push(await accountOf(core, who));
      const listed = accounts.map(({ username, user_id }) => `${username} (${user_id})`).join(', ');
      await demandYes(options, `Delete ${listed} and all that is stored there?`);
      const deed = commandLine(core);
      for (const { user_id } of accounts) {
        const marked = await markForErasing(core, user_id, { erasing_at: undefined });
        if (!marked) throw accountNotFound();
        await deed.record('user_deleted', { accountId: user_id, ...by(deed) });
        await eraseAccount(core, marked);
      }
      const removed = accounts.map(({ username, user_id }) => ({ name: username, id: user_id }));
      answer(options, { removed }, `deleted: ${listed}`);
    }),
  );
}

function change(who: string, options: Common, blocked: boolean): Promise<void> {
  return withCore(options, async core => {
    const account = await accountOf(core, who);
    const changed = await setBlocked(core, account, blocked);
    const deed = commandLine(core);
    if (changed) await deed.record('user_block_changed', { accountId: account.user_id, ...by(deed) });
    const name = account.username ?? account.user_id;
    const sentence = `${name} is ${blocked ? 'blocked' : 'not blocked'}${changed ? '' : ', as before'}`;
    answer(options, { name, blocked, changed }, sentence);
  });
}
