import type { Command } from 'commander';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { misused } from '../failure.ts';
import { printFields, say } from '../output.ts';
import { connect } from '../session.ts';
import { ifMatchOption, metaOption, ttlOption } from './options.ts';
import { type Source, sourceOf } from './source.ts';

interface Options {
  readonly ttl?: number;
  readonly expiresAt?: Date;
  readonly type?: string;
  readonly meta?: Record<string, string>;
  readonly ifMatch?: string;
  readonly ifAbsent?: boolean;
  readonly json?: boolean;
  readonly profile?: string;
}

/** `keybin set`. */
export function set(context: Context, making: Making): Command {
  return define(
    'set',
    'Stores a value: the text that is given, a file (@FILE), or the standard input (-, or nothing where it is no terminal). A value that was there is replaced, with its expiry. Programs that run can see the command line: what is secret comes by a file or the standard input.',
    [
      ['stores a text for an hour', 'set session/ann active --ttl 1h'],
      ['stores a file, unless there is a value', 'set photos/cat.jpg @cat.jpg --if-absent'],
    ],
    making,
  )
    .argument('<key>', 'where')
    .argument('[value]', 'the text, @FILE or -')
    .addOption(ttlOption())
    .option(
      '--type <type>',
      'its content type; without it, the one that the text, the name of the file or its bytes suggest',
    )
    .addOption(metaOption())
    .addOption(ifMatchOption())
    .option('--if-absent', 'only when there is none')
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (key: string, value: string | undefined, options: Options) => {
      const { ttl, meta, ifMatch, ifAbsent } = options;
      if (ifMatch !== undefined && ifAbsent) throw misused('--if-match and --if-absent exclude each other');
      const { client } = await connect(context, options);
      const source: Source = await sourceOf(context, value);
      const type = options.type ?? source.type;
      const stored = await client.set(key, source.bytes, {
        ttl,
        meta,
        ifMatch,
        ifAbsent,
        type,
        signal: context.signal,
      });
      if (options.json) {
        const { etag, created, expiresAt } = stored;
        return printFields(context, options, { key, etag, created, expires_at: expiresAt });
      }
      if (context.stderr.isTerminal) await say(context, `${stored.created ? 'created' : 'replaced'} ${key}`);
    });
}
