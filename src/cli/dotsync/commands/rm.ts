import type { Command } from 'commander';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { define, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { Failure, misused } from '../../failure.ts';
import { say } from '../../output.ts';
import { atWork, chosenConfig, type Desk, failing, openDesk } from '../desk.ts';
import { look } from '../engine/look.ts';
import { trackedPath } from '../engine/paths.ts';
import { syncRound } from '../engine/round.ts';
import { absolute } from '../files/expand.ts';
import type { Taken } from '../home/config.ts';
import { editFiles } from './edit-config.ts';

interface Options {
  readonly config?: string;
  readonly yes?: boolean;
}

/** `keybin dotsync rm`. */
export function rm(context: Context, making: Making): Command {
  return define(
    'rm',
    'Has files watched no longer, on all machines of the config. They stay where they are; the copy of the server is removed, after this machine has taken what is newer there.',
    [
      ['one file', 'dotsync rm ~/.tmux.conf'],
      ['all below a folder', 'dotsync rm ~/.config/nvim'],
    ],
    making,
  )
    .argument('<file...>', 'files and folders')
    .option('-c, --config <config>', 'the name or id of a config; all of this machine without it')
    .option('-y, --yes', 'also files that this machine does not have, or that are in conflict')
    .action(failing((files: string[], options: Options) => run(context, files, options)));
}

async function run(context: Context, files: readonly string[], options: Options): Promise<void> {
  const desk = openDesk(context);
  const { folder, settings, remote, place } = desk;
  const configs = options.config === undefined ? settings.configs : [chosenConfig(settings, options.config)];
  const named = files.map(file => trackedPath(folder.home, absolute(folder.home, process.cwd(), file)));
  const isNamed = (path: string) => named.some(name => isMeant(name, path));
  await atWork(folder, context.signal, async () => {
    const found = await watchedOf(desk, configs, named);
    const here = new Set(found.filter(path => look(place, path).kind === 'file'));
    const elsewhere = found.find(path => !here.has(path));
    if (elsewhere !== undefined && !options.yes) {
      throw misused(`${elsewhere} is not on this machine, and the copy of the server would go; add --yes if it may`);
    }
    // What another machine has sent is not to be lost with the copy of the server.
    const { files: after } = await syncRound({ ...desk.round(configs), only: here });
    const open = after.find(({ what }) => what === 'conflict');
    if (open !== undefined && !options.yes) {
      throw misused(`${open.path} is in conflict; merge it, or add --yes: both contents stay on this machine`);
    }
    for (const config of configs) await editFiles(remote, config, before => before.filter(path => !isNamed(path)));
    const { state } = desk.round();
    for (const { id } of configs) for (const path of state.paths(id)) if (isNamed(path)) state.set(id, path, {});
    const what = found.length === 1 ? '1 file is' : `${found.length} files are`;
    await say(context, `${what} watched no longer, and stays where it is on each machine`);
  });
}

/** The watched files that are named, or lie in a folder that is. Throws `Failure` for a name that means none. */
async function watchedOf({ remote }: Desk, configs: readonly Taken[], named: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const { id } of configs) {
    for (const path of (await remote.config(id))?.files ?? []) {
      if (named.some(name => isMeant(name, path))) found.add(path);
    }
  }
  const unknown = named.find(name => ![...found].some(path => isMeant(name, path)));
  if (unknown === undefined) return [...found];
  throw new Failure(EXIT.absent, `${unknown} is not watched; keybin dotsync ls shows what is`);
}

function isMeant(name: string, path: string): boolean {
  return path === name || path.startsWith(`${name}/`);
}
