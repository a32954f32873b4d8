import type { Command } from 'commander';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { misused } from '../failure.ts';
import { printFields } from '../output.ts';
import { connect } from '../session.ts';
import { infoFields } from './info.ts';
import { absent, ifMatchOption, ttlOption } from './options.ts';

interface Options {
  readonly ttl?: number;
  readonly never?: boolean;
  readonly ifMatch?: string;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `keybin touch`. */
export function touch(context: Context, making: Making): Command {
  return define(
    'touch',
    'Gives a value another end, without sending it anew.',
    [
      ['it ends in half an hour from now', 'touch session/ann --ttl 30m'],
      ['it stays for ever', 'touch session/ann --never'],
    ],
    making,
  )
    .argument('<key>', 'of which value')
    .addOption(ttlOption('it is gone after so long from now, such as 90s, 5m, 12h or 30d'))
    .option('--never', 'it does not end')
    .addOption(ifMatchOption())
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (key: string, { ttl, never = false, ifMatch, ...options }: Options) => {
      if ((ttl === undefined) !== never) throw misused('say when it is to end: --ttl, or --never');
      const { client } = await connect(context, options);
      const found = await client.touch(key, ttl ?? null, { ifMatch, signal: context.signal });
      if (!found) throw absent(key);
      if (options.json) await printFields(context, options, infoFields(found));
    });
}
