import type { Command } from 'commander';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { printFields } from '../output.ts';
import { connect, type Session } from '../session.ts';

/** `keybin whoami`. */
export function whoami(context: Context, making: Making): Command {
  return define(
    'whoami',
    'Shows which account of which server commands use, what its token may do and when it ends. Asks the server.',
    [
      ['shows it', 'whoami'],
      ['signs in when that is needed', 'whoami > /dev/null || keybin login'],
    ],
    making,
  )
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (options: { json?: boolean; profile?: string }) => {
      const session = await connect(context, options);
      const { name, scopes, expiresAt } = await session.client.tokens.self({ signal: context.signal });
      await printFields(context, options, {
        server: session.url,
        account: await accountOf(session, context.signal),
        profile: session.profile?.name,
        token: name,
        scopes,
        expires_at: expiresAt,
      });
    });
}

/** The profile knows it; whose a token of the environment is, is told to those that may do everything. */
async function accountOf({ client, profile }: Session, signal: AbortSignal): Promise<string | undefined> {
  if (profile) return profile.account;
  try {
    const answer = (await (await client.request('GET', '/user/me', { signal })).json()) as { username?: string };
    return answer.username;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
