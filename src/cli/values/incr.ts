import type { Command } from 'commander';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { integer } from '../durations.ts';
import { connect } from '../session.ts';
import { ifMatchOption, ttlOption } from './options.ts';

interface Options {
  readonly initial?: number;
  readonly ttl?: number;
  readonly ifMatch?: string;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `keybin incr`. */
export function incr(context: Context, making: Making): Command {
  return define(
    'incr',
    'Adds to a counter and prints the sum. Several who add at once lose nothing.',
    [
      ['counts a visit', 'incr visits'],
      ['takes two away', 'incr stock -2'],
    ],
    making,
  )
    .argument('<key>', 'which counter; it is made where there is none')
    .argument('[by]', 'how many', integer, 1)
    .option('--initial <number>', 'what a new one begins with', integer)
    .addOption(ttlOption('a new one is gone after so long, such as 90s, 5m, 12h or 30d'))
    .addOption(ifMatchOption())
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (key: string, by: number, { initial, ttl, ifMatch, ...options }: Options) => {
      const { client } = await connect(context, options);
      const value = await client.incr(key, by, { initial, ttl, ifMatch, signal: context.signal });
      await context.stdout.write(options.json ? `${JSON.stringify({ key, value })}\n` : `${value}\n`);
    });
}
