import type { Command } from 'commander';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { seconds } from '../durations.ts';
import { printFields, say } from '../output.ts';
import { connect } from '../session.ts';

interface Options {
  readonly ttl?: number;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `keybin token renew`. */
export function tokenRenew(context: Context, making: Making): Command {
  return define(
    'renew',
    'Has the token in use live on, and prints until when. That of a sign-in is renewed by itself while it is used; this is for KEYBIN_TOKEN.',
    [
      ['renews it', 'token renew'],
      ['for so long from now', 'token renew --ttl 30d'],
    ],
    making,
  )
    .summary('has the one in use live on')
    .option('--ttl <duration>', 'for so long from now, such as 12h or 30d; without it what the server gives', seconds)
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async ({ ttl, ...options }: Options) => {
      const { client, keepExpiry } = await connect(context, options);
      const { id, expiresAt, warnings } = await client.tokens.renew(ttl, { signal: context.signal });
      await keepExpiry(expiresAt);
      if (warnings?.includes('capped'))
        await say(context, 'it lives for less than was asked for: the server allows no more');
      if (options.json) return printFields(context, options, { id, expires_at: expiresAt });
      await context.stdout.write(`${expiresAt.toISOString()}\n`);
    });
}
