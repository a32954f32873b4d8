import type { Command } from 'commander';
import { EXIT } from '../../terminal/exit-codes.ts';
import { define, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { Failure, misused } from '../failure.ts';
import { say } from '../output.ts';
import { connect } from '../session.ts';
import { readSecrets } from '../stdin.ts';
import { newPassword, passwordOf } from './password.ts';
import { signIn, warnOfPlain } from './sign-in.ts';

interface Options {
  readonly passwordStdin?: boolean;
  readonly profile?: string;
}

/** `keybin passwd`. */
export function passwd(context: Context, making: Making): Command {
  return define(
    'passwd',
    'Gives the account another password. All its tokens end; this sign-in gets a new one, the others sign in anew.',
    [
      ['asks for the present and the new one', 'passwd'],
      ['from a script: the present one, a line break, the new one', 'passwd --password-stdin < both-passwords'],
    ],
    making,
  )
    .option('--password-stdin', 'reads the present and the new password from the standard input, a line each')
    .addOption(profileOption())
    .action(async (options: Options) => {
      const { client, url, profile } = await connect(context, options);
      if (!profile)
        throw new Failure(
          EXIT.notSignedIn,
          'KEYBIN_TOKEN does not say whose password it is; sign in with keybin login',
        );
      await warnOfPlain(context, url);
      const [present, next] = await passwords(context, options);
      const { account: username, ttl } = profile;
      await client.original.changePassword(username, present, next, { signal: context.signal });
      await signIn(context, { url, username, password: next, profile: profile.name, ttl });
      await say(context, `${username} has another password; all other tokens have ended`);
    });
}

async function passwords(context: Context, options: Options): Promise<readonly [string, string]> {
  if (options.passwordStdin) {
    const [present, next, ...more] = await readSecrets(context.signal);
    if (present && next && more.length === 0) return [present, next];
    throw misused('the standard input: expected two lines, the present password and the new one');
  }
  const present = await passwordOf(context, {}, 'Present password: ');
  return [present, await newPassword(context, {}, 'New password: ')];
}
