import type { Command } from 'commander';
import { ConflictError } from '../../../base/errors.ts';
import { checkPassword, checkUsername } from '../../../base/names.ts';
import { changeAccount, createAccount, publicId } from '../../../core/accounts/accounts.ts';
import { checkEmail } from '../../../core/accounts/email-accounts.ts';
import { by } from '../../../core/admin/deed.ts';
import { newSecret } from '../../../core/ids.ts';
import { newPassword, PASSWORD_STDIN, type PasswordOptions } from '../asked.ts';
import { answer, type Common, framed } from '../frame.ts';
import { withCore } from '../with-core.ts';
import { accountOf, commandLine } from './deed.ts';

/** Bytes of a password that is made here. */
const GENERATED_BYTES = 12;

/** Adds `user add`. */
export function defineAdd(user: Command): void {
  const add = user
    .command('add')
    .description('make an account, also where registration is closed')
    .argument('<name>')
    .option('--email <address>', 'its e-mail, which counts as confirmed')
    .option('--password-stdin', PASSWORD_STDIN);
  framed(add, [
    ['user add ann', 'Asks for the password, twice.'],
    ['user add ann --email ann@example.org --password-stdin < password.txt', 'For a script.'],
  ]).action((username: string, options: Common & PasswordOptions & { email?: string }) =>
    withCore(options, async core => {
      checkUsername(username);
      const email = options.email === undefined ? {} : { email: checkEmail(options.email) };
      const password = await newPassword(options, username);
      const account = await createAccount(core, { username, password, ...email });
      const deed = commandLine(core);
      await deed.record('user_created', { accountId: account.user_id, ...by(deed) });
      answer(
        options,
        { name: username, id: publicId(account) },
        `${username} is there, with the id ${account.user_id}`,
      );
    }),
  );
}

/** Adds `user passwd`. */
export function definePasswd(user: Command): void {
  const passwd = user
    .command('passwd')
    .description('give an account another password, which ends its tokens and sessions')
    .argument('<name>', 'name, e-mail or id')
    .option('--generate', 'make one, and print it')
    .option('--password-stdin', PASSWORD_STDIN);
  framed(passwd, [
    ['user passwd ann', 'Asks for the password, twice.'],
    ['user passwd ann --generate', 'Prints a new password, once.'],
  ]).action((who: string, options: Common & PasswordOptions & { generate?: true }) =>
    withCore(options, async (core, { ADMIN }) => {
      const account = await accountOf(core, who);
      const name = account.username ?? account.user_id;
      if (account.admin && name === ADMIN.username) {
        throw new ConflictError(`the password of ${name} stands in the configuration ([ADMIN]): change it there`);
      }
      const password = options.generate ? newSecret(GENERATED_BYTES) : await newPassword(options, name);
      checkPassword(password);
      await changeAccount(core, account, { password });
      const deed = commandLine(core);
      await deed.record('user_password_reset', { accountId: account.user_id, ...by(deed) });
      if (options.generate) answer(options, { name, password }, password);
      else answer(options, { name }, `${name} has another password; its tokens and sessions are ended`);
    }),
  );
}
