import type { Command } from 'commander';
import { define, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { say } from '../output.ts';
import { newClient } from '../server/client.ts';
import { addressOf } from '../session.ts';
import { newPassword, PASSWORD_STDIN } from './password.ts';
import { warnOfPlain } from './sign-in.ts';

interface Options {
  readonly passwordStdin?: boolean;
  readonly profile?: string;
}

/** `keybin register`. */
export function register(context: Context, making: Making): Command {
  return define(
    'register',
    'Makes an account. The password is asked for twice.',
    [
      ['makes one', 'register ann https://keybin.example.com'],
      ['makes one from a script', 'register backup --password-stdin < password-file'],
    ],
    making,
  )
    .argument('<name>', 'how the account is called')
    .argument('[url]', 'the address of the server')
    .option(...PASSWORD_STDIN)
    .addOption(profileOption())
    .action(async (name: string, given: string | undefined, options: Options) => {
      const url = await addressOf(context, given, options);
      await warnOfPlain(context, url);
      const password = await newPassword(context, options);
      await newClient({ url }).original.register(name, password, { signal: context.signal });
      await say(context, `${name} has an account at ${url}; sign in with keybin login ${url} --user ${name}`);
    });
}
