import type { Command } from 'commander';
import { EXIT } from '../../terminal/exit-codes.ts';
import { define, type Making, profileOption } from '../command.ts';
import { confirmed } from '../confirm.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { connect } from '../session.ts';

/** `keybin token rm`. */
export function tokenRm(context: Context, making: Making): Command {
  return define(
    'rm',
    'Revokes tokens, at once and for ever, with all that were made with them. For that of this sign-in there is keybin logout.',
    [
      ['revokes one', 'token rm 0f7c1f9e --yes'],
      ['revokes several', 'token rm 0f7c1f9e 4be2a1d0'],
    ],
    making,
  )
    .summary('revokes some')
    .argument('<id...>', 'which ones; keybin token ls shows them')
    .option('-y, --yes', 'does not ask')
    .addOption(profileOption())
    .action(async (ids: readonly string[], options: { yes?: boolean; profile?: string }) => {
      const { client } = await connect(context, options);
      await confirmed(context, options, `Revoke ${ids.length === 1 ? `the token ${ids[0]}` : `${ids.length} tokens`}?`);
      const missing: string[] = [];
      for (const id of ids) {
        await client.tokens.revoke(id, { signal: context.signal }).catch((error: { status?: number }) => {
          if (error.status !== 404) throw error;
          missing.push(id);
        });
      }
      if (missing.length > 0)
        throw new Failure(
          EXIT.absent,
          `there is no token ${missing.join(', ')} within reach; keybin token ls lists them`,
        );
    });
}
