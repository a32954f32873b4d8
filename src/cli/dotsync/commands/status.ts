import type { Command } from 'commander';
import { define, jsonOption, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { printRows, say } from '../../output.ts';
import { type Desk, failing, openDesk } from '../desk.ts';
import { preview, type Standing } from '../engine/preview.ts';
import { lostSentence } from './sentences.ts';

/** `keybin dotsync status`. */
export function status(context: Context, making: Making): Command {
  return define(
    'status',
    'Shows what differs between this machine and the server, and why. Changes nothing.',
    [
      ['what differs', 'dotsync status'],
      ['files in conflict, for a program', `dotsync status --json | jq -r '.[] | select(.what == "conflict").path'`],
    ],
    making,
  )
    .addOption(jsonOption())
    .action(failing((options: { json?: boolean }) => printStandings(context, openDesk(context), options)));
}

/** Prints the files that differ, and how many do not. */
export async function printStandings(context: Context, desk: Desk, options: { json?: boolean }): Promise<void> {
  const names = new Map(desk.settings.configs.map(({ id, name }) => [id, name]));
  const lost: string[] = [];
  const all: Standing[] = [];
  for await (const standing of preview(desk.looking(), id => lost.push(id))) all.push(standing);
  const rows = all
    .filter(({ what }) => what !== 'same')
    .map(({ config, ...row }) => ({ config: names.get(config), ...row }));
  await printRows(context, options, rows, [
    { title: 'WHAT', of: row => row.what },
    { title: 'PATH', of: row => row.path },
    { title: 'WHY', of: row => (row.copies === undefined ? row.why : `${row.why}; see ${row.copies.join(', ')}`) },
  ]);
  await say(context, `${all.length} watched, ${all.length - rows.length} the same here and on the server`);
  for (const id of lost) await say(context, lostSentence(names.get(id) ?? id));
}
