import type { Command } from 'commander';
import { EXIT } from '../../terminal/exit-codes.ts';
import { define, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { say } from '../output.ts';
import { changeProfiles, readProfiles } from '../profiles.ts';
import { forget } from './sign-in.ts';

/** `keybin logout`. */
export function logout(context: Context, making: Making): Command {
  return define(
    'logout',
    'Signs out: revokes the token on the server and removes it here.',
    [
      ['signs out', 'logout'],
      ['signs out of one of several', 'logout --profile work'],
    ],
    making,
  )
    .addOption(profileOption())
    .action(async ({ profile }: { profile?: string }) => {
      const { current, profiles } = await readProfiles(context.environment);
      const name = profile ?? current;
      const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
      if (!found)
        throw new Failure(EXIT.notSignedIn, `not signed in${profile ? ` as ${profile}` : ''}; there is nothing to do`);
      const isRevoked = await forget(context, found);
      await changeProfiles(context.environment, now => {
        const { [name]: _, ...rest } = now.profiles;
        return { current: now.current === name ? (Object.keys(rest)[0] ?? now.current) : now.current, profiles: rest };
      });
      if (!isRevoked) {
        const until = found.expires_at.slice(0, 10);
        throw new Failure(
          EXIT.failed,
          `the token is removed here, but the server was not reached: it lives until ${until}; keybin token rm ${found.token_id} revokes it later`,
        );
      }
      await say(context, `signed out of ${found.url}`);
    });
}
