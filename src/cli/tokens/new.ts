import { type Command, Option } from 'commander';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { count, seconds } from '../durations.ts';
import { printFields, say } from '../output.ts';
import { connect } from '../session.ts';

interface Options {
  readonly name?: string;
  readonly ttl?: number;
  readonly scope?: string[];
  readonly maxUses?: number;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `keybin token new`. */
export function tokenNew(context: Context, making: Making): Command {
  return define(
    'new',
    'Makes a token and prints its secret, this one time. It can do no more than the token of this sign-in, lives no longer, and ends with it.',
    [
      ['for a program that reads below flags/', 'token new --name shop --scope kv:r:flags/'],
      ['for one request, within an hour', 'token new --max-uses 1 --ttl 1h'],
    ],
    making,
  )
    .summary('makes one')
    .option('--name <name>', 'for people')
    .option('--ttl <duration>', 'how long it lives, such as 12h or 30d', seconds)
    .addOption(
      new Option(
        '--scope <scope>',
        'what it may: kv:r, kv:w, kv:rw, each perhaps with :<prefix>; tokens; sync. May be given several times; without it, what its maker may',
      ).argParser((scope: string, before: string[] = []) => [...before, scope]),
    )
    .option('--max-uses <count>', 'how many requests it opens', count)
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async ({ name, ttl, scope: scopes, maxUses, ...options }: Options) => {
      const { client } = await connect(context, options);
      const made = await client.tokens.create({ name, ttl, scopes, maxUses, signal: context.signal });
      if (ttl !== undefined && made.warnings?.includes('capped')) {
        await say(
          context,
          'it lives for less than was asked for: no longer than the token of this sign-in, or than the server allows',
        );
      }
      if (!options.json && !context.stdout.isTerminal) return context.stdout.write(`${made.token}\n`);
      const { id, token, expiresAt } = made;
      await printFields(context, options, { token, id, name: made.name, scopes: made.scopes, expires_at: expiresAt });
      if (!options.json) await say(context, 'Keep the token now: it is not shown again.');
    });
}
