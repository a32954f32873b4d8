import type { Command } from 'commander';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { showProgress } from '../../../terminal/progress.ts';
import { define, jsonOption, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { Failure } from '../../failure.ts';
import { printRows, say } from '../../output.ts';
import { atWork, type Desk, failing, openDesk } from '../desk.ts';
import { syncRound } from '../engine/round.ts';
import { conflictSentence, lostSentence } from './sentences.ts';
import { printStandings } from './status.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `keybin dotsync sync`. */
export function sync(context: Context, making: Making): Command {
  return define(
    'sync',
    'One round: sends what changed here, takes what is new elsewhere. A file that changed on both sides stays as it is, and the copy of the server is laid beside it; exit code 3 then.',
    [
      ['one round', 'dotsync sync'],
      ['what it would do', 'dotsync sync --dry-run'],
    ],
    making,
  )
    .option('-n, --dry-run', 'says what would be done, and changes nothing')
    .addOption(jsonOption())
    .action(
      failing(async (options: Options) => {
        const desk = openDesk(context);
        if (options.dryRun) return printStandings(context, desk, options);
        await atWork(desk.folder, context.signal, () => run(context, desk, options));
      }),
    );
}

async function run(context: Context, desk: Desk, options: Options): Promise<void> {
  const progress = showProgress({ label: 'syncing', unit: 'files' });
  const dealt = (total: number) => progress.advance(1, total);
  const { files, tracked, lost } = await syncRound({ ...desk.round(), dealt }).finally(() => progress.end());
  const names = new Map(desk.settings.configs.map(({ id, name }) => [id, name]));
  const rows = files.map(({ config, ...file }) => ({ config: names.get(config), ...file }));
  await printRows(context, options, rows, [
    { title: 'WHAT', of: row => row.what },
    { title: 'PATH', of: row => row.path },
    { title: '', of: row => row.reason ?? (row.copies === undefined ? '' : `see ${row.copies.join(', ')}`) },
  ]);
  const count = (what: string) => files.filter(file => file.what === what).length;
  const told = ['sent', 'received', 'skipped', 'conflict'].map(
    what => `${count(what)} ${what === 'conflict' ? 'in conflict' : what}`,
  );
  await say(context, `${[...tracked.values()].flat().length} watched: ${told.join(', ')}`);
  for (const id of lost) await say(context, lostSentence(names.get(id) ?? id));
  const open = files.find(({ what }) => what === 'conflict');
  if (open !== undefined) throw new Failure(EXIT.absent, conflictSentence(open.path));
  if (lost.length > 0) throw new Failure(EXIT.absent);
}
