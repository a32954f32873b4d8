import type { Command } from 'commander';
import type { Watched } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { say } from '../output.ts';
import { connect } from '../session.ts';
import { openPosition } from './position.ts';

interface Options {
  readonly exec?: string;
  readonly state?: string;
  readonly json?: boolean;
  readonly profile?: string;
}

const COLUMNS: readonly Column<Watched>[] = [
  { title: '', of: ({ type }) => type },
  { title: '', of: ({ key }) => key },
  { title: '', of: ({ at }) => at ?? undefined },
  { title: '', of: ({ etag }) => etag ?? undefined },
];

/** `keybin watch`. */
export function watch(context: Context, making: Making): Command {
  return define(
    'watch',
    'Follows the changes of values from now on: put, delete or expire, the key, when, and the ETag. Lost connections are made again, and nothing is left out. With --state the next run goes on where this one ended, however it ended; only one that was killed by force tells its last change twice.',
    [
      ['shows what happens below flags/', 'watch flags/'],
      [
        'has a command run for each change',
        `watch flags/ --state flags.state --exec 'keybin get "$KEYBIN_KEY" -o flag.txt'`,
      ],
    ],
    making,
  )
    .argument('[prefix]', 'what the keys begin with', '')
    .option(
      '--exec <command>',
      'runs it in a shell for each change, one after the other, with KEYBIN_CHANGE, KEYBIN_KEY, KEYBIN_AT and KEYBIN_ETAG in its environment; one that fails is told, and the next one follows',
    )
    .option('--state <file>', 'remembers the position in this file')
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (prefix: string, options: Options) => {
      const { signal } = context;
      const { client, url } = await connect(context, options);
      const position = await openPosition(client, { url, prefix, file: options.state, signal });
      if (context.stderr.isTerminal) await say(context, `watching ${prefix || 'all keys'} at ${url}; Ctrl-C ends it`);
      for await (const change of client.watch({ prefix, since: position.cursor, signal })) {
        await tell(context, change, options);
        await position.keep(change.cursor);
      }
      if (options.state !== undefined)
        throw new Failure(EXIT.interrupted, 'stopped; the same command goes on from here');
      signal.throwIfAborted();
    });
}

async function tell(context: Context, change: Watched, { exec, json }: Options): Promise<void> {
  if (exec === undefined) return context.stdout.write(json ? `${jsonOf(change)}\n` : lineOf(context, change));
  const { runShell } = await import('./run.ts');
  const { type, key, at, etag } = change;
  const told = { KEYBIN_CHANGE: type, KEYBIN_KEY: key, KEYBIN_AT: at?.toISOString() ?? '', KEYBIN_ETAG: etag ?? '' };
  const code = await runShell(context, exec, told);
  if (code !== 0) await say(context, `keybin: for ${key} the command ended with ${code}`);
}

function lineOf({ stdout }: Context, change: Watched): string {
  if (!stdout.isTerminal) return renderTable([change], COLUMNS, 'tabs');
  const { type, key, at } = change;
  return `${at?.toLocaleTimeString('en-GB') ?? '--:--:--'}  ${type.padEnd(6)}  ${key}\n`;
}

function jsonOf({ type, key, etag, at, cursor }: Watched): string {
  return JSON.stringify({ type, key, etag, at, cursor });
}
