/** `keybin-server token …`: what opens an account beside its password. */

import type { Command } from 'commander';
import { NotFoundError } from '../../../base/errors.ts';
import {
  type LiveCredential,
  liveCredentials,
  revokeAllCredentials,
  revokeCredential,
} from '../../../core/access/live.ts';
import { by } from '../../../core/admin/deed.ts';
import type { AccountDoc } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { demandYes } from '../asked.ts';
import { CommandError } from '../command-error.ts';
import { answer, answerRows, type Common, type Define, exemplified, framed } from '../frame.ts';
import { withCore } from '../with-core.ts';
import { accountOf, commandLine } from './deed.ts';

/** Characters of an id that may stand for all of it. */
const SHORTEST = 8;

/** Adds the command. */
export const define: Define = program => {
  const token = program
    .command('token')
    .description('what opens an account beside its password: tokens, sessions, devices, Punch keys')
    .helpCommand(false);
  exemplified(token, [
    ['token ls ann', 'What opens the account of Ann?'],
    ['token rm ann --all', 'Nothing but her password, from now on.'],
  ]);
  defineList(token);
  defineRemove(token);
};

function defineList(token: Command): void {
  const ls = token
    .command('ls')
    .description('list what opens an account: of each kind the newest first; no secret is shown')
    .argument('<name>', 'name, e-mail or id of the account');
  framed(ls, [
    ['token ls ann', 'Tokens, devices and sessions, and the labels of Punch keys.'],
    ['token ls ann --json', 'The same for a program.'],
  ]).action((who: string, options: Common) =>
    withCore(options, async (core, { PUNCH, PUNCH_KEYS }) => {
      const account = await accountOf(core, who);
      const keys = PUNCH.enabled ? PUNCH_KEYS.keys.filter(key => key.username === account.username) : [];
      const labels = keys.map(({ label }) => label);
      await answerRows(options, await liveCredentials(core, account.user_id, labels), [
        { title: 'KIND', of: one => one.kind },
        { title: 'ID', of: one => (process.stdout.isTTY ? one.id?.slice(0, 12) : one.id) },
        { title: 'NAME', of: one => one.name },
        { title: 'SCOPES', of: one => one.scopes?.join(' ') },
        { title: 'MADE', of: one => one.created_at },
        { title: 'LAST USED', of: one => one.last_seen },
        { title: 'ENDS', of: one => one.expires_at },
      ]);
    }),
  );
}

function defineRemove(token: Command): void {
  const rm = token
    .command('rm')
    .description('end tokens, sessions and devices; the running server refuses them from their next request on')
    .argument('<name>', 'name, e-mail or id of the account')
    .argument('[id...]', `ids as token ls shows them, or what they begin with: ${SHORTEST} characters at least`)
    .option('--all', 'end all of them, devices too')
    .option('--yes', 'do not ask');
  framed(rm, [
    ['token rm ann 5e884898da28', 'Ends one token, and all that was made with it.'],
    ['token rm ann --all --yes', 'Ends everything but the password, without asking.'],
  ]).action((who: string, ids: string[], options: Common & { all?: true; yes?: true }) =>
    withCore(options, async core => {
      if ((ids.length === 0) === !options.all) throw new CommandError('expected ids, or --all', EXIT.usage);
      const account = await accountOf(core, who);
      if (options.all) return removeAll(core, account, options);
      const live = await liveCredentials(core, account.user_id);
      const chosen = ids.map(id => oneOf(live, id));
      await demandYes(options, `End ${chosen.map(({ kind, name }) => `${kind} ${name}`).join(', ')}?`);
      let ended = 0;
      for (const { kind, id } of chosen) if (await revokeCredential(core, account.user_id, { kind, id })) ended++;
      await tell(core, account, `${ended} credentials ended`);
      answer(options, { ended }, `${ended} ended`);
    }),
  );
}

async function removeAll(core: Core, account: AccountDoc, options: Common & { yes?: true }): Promise<void> {
  await demandYes(options, `End all tokens, sessions and devices of ${account.username}?`);
  const ended = await revokeAllCredentials(core, account.user_id);
  await tell(core, account, 'all credentials ended');
  answer(options, ended, `${ended.tokens} tokens, ${ended.sessions} sessions and ${ended.devices} devices ended`);
}

/** Tells the audit log. */
async function tell(core: Core, { user_id }: AccountDoc, what: string): Promise<void> {
  const deed = commandLine(core);
  await deed.record('credentials_ended', { accountId: user_id, message: `${what}, ${by(deed).message}` });
}

/** Throws `NotFoundError`, and `CommandError` when several begin so. */
function oneOf(live: readonly LiveCredential[], id: string) {
  const found = live.flatMap(({ kind, id: whole, name }) =>
    kind !== 'punch_key' && whole !== undefined && (whole === id || (id.length >= SHORTEST && whole.startsWith(id)))
      ? [{ kind, id: whole, name }]
      : [],
  );
  const [one, other] = found;
  if (one === undefined) throw new NotFoundError(`nothing of the account has the id ${JSON.stringify(id)}`);
  if (other !== undefined) throw new CommandError(`several ids begin with ${JSON.stringify(id)}: give more of it`);
  return one;
}
