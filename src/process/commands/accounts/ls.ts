import type { Command } from 'commander';
import { publicId } from '../../../core/accounts/accounts.ts';
import { userStatus } from '../../../core/accounts/user-list.ts';
import { type AccountDoc, accountsSpec } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { pagesOf } from '../../../core/pages.ts';
import { answerRows, type Common, framed } from '../frame.ts';
import { withCore } from '../with-core.ts';

/** Accounts read at once. */
const PAGE = 1000;

/** An account as it is listed. */
type Row = ReturnType<typeof rowOf>;

/** Adds `user ls`. */
export function defineList(user: Command): void {
  const ls = user
    .command('ls')
    .description('list the accounts in the order of their names')
    .argument('[text]', 'only those whose name or e-mail has this text')
    .option('--status <status>', 'only these: active, blocked or unconfirmed');
  framed(ls, [
    ['user ls', 'All accounts.'],
    ['user ls --status blocked --json', 'Those that are blocked, for a program.'],
  ]).action((text: string | undefined, options: Common & { status?: string }) =>
    withCore(options, async core => {
      await answerRows(options, rowsOf(core, text?.toLowerCase() ?? '', options.status), [
        { title: 'NAME', of: row => row.name },
        { title: 'ID', of: row => row.id },
        { title: 'E-MAIL', of: row => row.email },
        { title: 'STATUS', of: row => row.status },
        { title: 'ADMIN', of: row => row.admin },
        { title: 'MADE', of: row => row.created_at },
        { title: 'LAST SEEN', of: row => row.last_seen },
      ]);
    }),
  );
}

async function* rowsOf(core: Core, text: string, status: string | undefined): AsyncGenerator<Row> {
  const accounts = core.storage.collection(accountsSpec);
  for await (const page of pagesOf(after => accounts.scan({ index: 'username', limit: PAGE, ...after }))) {
    for (const account of page) {
      const row = rowOf(account);
      if (account.erasing_at !== undefined || (status !== undefined && status !== row.status)) continue;
      if (row.name?.toLowerCase().includes(text) || row.email?.includes(text)) yield row;
    }
  }
}

function rowOf(account: AccountDoc) {
  const { username, email, admin = false, created_at, last_seen } = account;
  return { name: username, id: publicId(account), email, status: userStatus(account), admin, created_at, last_seen };
}
