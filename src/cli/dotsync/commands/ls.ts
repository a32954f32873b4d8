import type { Command } from 'commander';
import { define, jsonOption, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { printRows, say } from '../../output.ts';
import { failing, openDesk } from '../desk.ts';
import { look } from '../engine/look.ts';

/** `keybin dotsync ls`. */
export function ls(context: Context, making: Making): Command {
  return define(
    'ls',
    'Lists the files that are watched, and whether this machine has them.',
    [
      ['lists them', 'dotsync ls'],
      ['their paths, for a program', "dotsync ls --json | jq -r '.[].path'"],
    ],
    making,
  )
    .addOption(jsonOption())
    .action(
      failing(async (options: { json?: boolean }) => {
        const { settings, remote, place } = openDesk(context);
        const rows = [];
        for (const { id, name } of settings.configs) {
          const config = await remote.config(id, context.signal);
          if (config === undefined)
            await say(context, `${name}: the server has no such config any more; keybin dotsync init chooses others`);
          for (const path of config?.files ?? []) {
            const found = look(place, path);
            const here = found.kind === 'blocked' ? found.reason : found.kind === 'file' ? found.mode : 'not here';
            rows.push({ config: name, config_id: id, path, here });
          }
        }
        await printRows(context, options, rows, [
          { title: 'CONFIG', of: row => row.config },
          { title: 'PATH', of: row => row.path },
          { title: 'HERE', of: row => row.here },
        ]);
      }),
    );
}
