import type { Command } from 'commander';
import { askLine, canAsk } from '../../terminal/ask.ts';
import { define, jsonOption, type Making } from '../command.ts';
import { type Context, unlessStopped } from '../context.ts';
import { seconds } from '../durations.ts';
import { printFields, say } from '../output.ts';
import { readProfiles } from '../profiles.ts';
import { addressOf, checkUrl } from '../session.ts';
import { accountName, PASSWORD_STDIN, passwordOf } from './password.ts';
import { signIn, warnOfPlain } from './sign-in.ts';

interface Options {
  readonly user?: string;
  readonly passwordStdin?: boolean;
  readonly ttl?: number;
  readonly profile?: string;
  readonly json?: boolean;
}

/** `keybin login`. */
export function login(context: Context, making: Making): Command {
  return define(
    'login',
    'Signs in: the password makes a token, which is kept for later commands and renewed while it is used. The password is not kept. A sign-in under the same profile is replaced, and its token revoked.',
    [
      ['signs in', 'login https://keybin.example.com --user ann'],
      ['signs in from a script', 'login https://keybin.example.com --user ann --password-stdin < password-file'],
    ],
    making,
  )
    .argument('[url]', 'the address of the server')
    .option('-u, --user <name>', 'the account')
    .option(...PASSWORD_STDIN)
    .option('--ttl <duration>', 'how long the token lives unless it is used, such as 12h or 30d', seconds)
    .option('--profile <name>', 'keeps it under this name, beside others, and makes it the one that counts')
    .addOption(jsonOption())
    .action(async (given: string | undefined, options: Options) => {
      const url = await urlOf(context, given, options);
      const { current, profiles } = await readProfiles(context.environment);
      const before = profiles[options.profile ?? current];
      await warnOfPlain(context, url);
      const username = await accountName(context, options.user, before?.url === url ? before.account : undefined);
      const password = await passwordOf(context, options);
      const made = await signIn(context, { url, username, password, profile: options.profile, ttl: options.ttl });
      if (options.json)
        return printFields(context, options, { url, account: made.account, expires_at: made.expires_at });
      await say(
        context,
        `signed in at ${url} as ${made.account}, until ${made.expires_at.slice(0, 10)} and longer while it is used`,
      );
    });
}

/** The address that is given or known; at a terminal it is asked for otherwise. */
async function urlOf(context: Context, given: string | undefined, options: Options): Promise<string> {
  const likely = await addressOf(context, given, options);
  if (given !== undefined || context.environment.KEYBIN_URL || !canAsk()) return likely;
  const answer = await unlessStopped(context.signal, askLine(`Server [${likely}]: `));
  return answer ? checkUrl(answer) : likely;
}
