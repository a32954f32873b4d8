import type { Command } from 'commander';
import { EXIT } from '../../terminal/exit-codes.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import { confirmed } from '../confirm.ts';
import type { Context } from '../context.ts';
import { Failure, misused } from '../failure.ts';
import { printFields, say } from '../output.ts';
import { connect } from '../session.ts';
import { ifMatchOption } from './options.ts';

interface Options {
  readonly prefix?: string;
  readonly ifMatch?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `keybin rm`. */
export function rm(context: Context, making: Making): Command {
  return define(
    'rm',
    'Removes values: those of the keys that are named, or all whose keys begin with a prefix. When one of the keys is not there, the others are removed all the same, and the exit code is 3.',
    [
      ['removes two values', 'rm draft/1 draft/2'],
      ['removes all below cache/', 'rm --prefix cache/ --yes'],
    ],
    making,
  )
    .argument('[key...]', 'which ones')
    .option('--prefix <prefix>', "all whose keys begin with it; '*' for all there are")
    .addOption(ifMatchOption())
    .option('-y, --yes', 'does not ask')
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (keys: readonly string[], options: Options) => {
      if (keys.length > 0 === (options.prefix !== undefined)) throw misused('name keys, or a --prefix');
      return options.prefix === undefined
        ? removeKeys(context, keys, options)
        : removePrefix(context, options.prefix, options);
    });
}

async function removeKeys(context: Context, keys: readonly string[], options: Options): Promise<void> {
  const { client } = await connect(context, options);
  const { signal } = context;
  const missing: string[] = [];
  for (const key of keys) {
    if (!(await client.delete(key, { ifMatch: options.ifMatch, signal }))) missing.push(key);
  }
  if (options.json) await printFields(context, options, { deleted: keys.length - missing.length, missing });
  if (missing.length > 0)
    throw new Failure(EXIT.absent, `there is no ${missing.join(', ')}; keybin ls lists what there is`);
}

async function removePrefix(context: Context, prefix: string, options: Options): Promise<void> {
  if (prefix === '') throw misused("--prefix: expected at least one character, or '*' for all");
  if (options.ifMatch !== undefined) throw misused('--if-match is for keys, not for a --prefix');
  const { client, url } = await connect(context, options);
  await confirmed(
    context,
    options,
    `Remove ${prefix === '*' ? 'ALL values' : `all values below ${prefix}`} at ${url}?`,
  );
  const deleted = await client.deletePrefix(prefix, { signal: context.signal });
  if (options.json) await printFields(context, options, { deleted });
  else await say(context, `removed ${deleted} ${deleted === 1 ? 'value' : 'values'}`);
}
