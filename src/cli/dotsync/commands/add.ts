import type { Command } from 'commander';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { define, jsonOption, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { Failure } from '../../failure.ts';
import { printRows, say } from '../../output.ts';
import { atWork, chosenConfig, failing, openDesk } from '../desk.ts';
import { nodeDisk } from '../engine/node-disk.ts';
import { absolute, expand } from '../files/expand.ts';
import { readSettings, writeSettings } from '../home/config.ts';
import { editFiles } from './edit-config.ts';

interface Options {
  readonly config?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `keybin dotsync add`. */
export function add(context: Context, making: Making): Command {
  return define(
    'add',
    'Has files watched, on all machines of the config. In folders everything is, but for what .gitignore there leaves out. Nothing is sent before keybin dotsync sync.',
    [
      ['two files', 'dotsync add ~/.vimrc ~/.tmux.conf'],
      [
        'a folder, and a private key, which wants to be asked for',
        'dotsync add ~/.config/nvim ~/.ssh/id_ed25519 --yes',
      ],
    ],
    making,
  )
    .argument('<file...>', 'files and folders')
    .option('-c, --config <config>', 'the name or id of a config; the first one without it')
    .option('-y, --yes', 'takes secrets, and files outside of the home folder, too')
    .addOption(jsonOption())
    .action(failing((files: string[], options: Options) => run(context, files, options)));
}

async function run(context: Context, files: readonly string[], options: Options): Promise<void> {
  const { folder, settings, remote } = openDesk(context);
  const config = chosenConfig(settings, options.config);
  const named = files.map(file => absolute(folder.home, process.cwd(), file));
  const { paths, guarded, left } = expand(folder.home, folder.own, named);
  const held = options.yes ? [] : [...guarded].filter(([path]) => !settings.allowed.includes(path));
  for (const { path, why } of left) await say(context, `left out: ${path} ${why}`);
  for (const [path, why] of held)
    await say(context, `left out: ${path} ${why}; add --yes if it is to be sent to ${settings.url}`);
  const added = paths.filter(path => !held.some(([name]) => name === path));
  if (added.length > 0) {
    await atWork(folder, context.signal, async () => {
      await editFiles(remote, config, before => [...new Set([...before, ...added])]);
      const now = readSettings(nodeDisk, folder.config) ?? settings;
      const allowed = [...new Set([...now.allowed, ...added.filter(path => guarded.has(path))])];
      if (allowed.length > now.allowed.length) writeSettings(nodeDisk, folder.config, { ...now, allowed });
    });
  }
  await printRows(
    context,
    options,
    added.map(path => ({ config: config.name, path })),
    [
      { title: 'CONFIG', of: row => row.config },
      { title: 'WATCHED NOW', of: row => row.path },
    ],
  );
  if (added.length < paths.length || left.some(({ path }) => paths.length === 0 && path !== '')) {
    throw new Failure(
      EXIT.failed,
      added.length === 0 ? 'nothing is watched that was not before' : 'some files were left out',
    );
  }
}
