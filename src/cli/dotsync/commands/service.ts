import type { Command } from 'commander';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { define, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { Failure } from '../../failure.ts';
import { say } from '../../output.ts';
import { launchdAgent, systemdUnit, type Unit } from '../daemon/units.ts';
import { failing, openDesk } from '../desk.ts';
import { nodeDisk } from '../engine/node-disk.ts';
import { writeOver } from '../engine/write.ts';
import { folderOf } from '../home/folder.ts';

/** `keybin dotsync service`. */
export function service(context: Context, making: Making): Command {
  const command = define(
    'service',
    'Has keybin dotsync watch run whenever you are signed in: a user unit of systemd, or an agent of launchd on a Mac.',
    [
      ['writes it, and says how it is started', 'dotsync service install'],
      ['removes it', 'dotsync service remove'],
    ],
    making,
  );
  const install = define(
    'install',
    'Writes the unit, and prints the commands that start it.',
    [
      ['writes it', 'dotsync service install'],
      ['writes and starts it', 'dotsync service install | sh'],
    ],
    making,
  ).action(
    failing(async () => {
      openDesk(context);
      const unit = unitOf(context);
      writeOver(nodeDisk, unit.file, Buffer.from(unit.text), '0644');
      await say(context, `wrote ${unit.file}; these commands start it:`);
      await context.stdout.write(unit.start.map(line => `${line}\n`).join(''));
    }),
  );
  const remove = define(
    'remove',
    'Removes the unit, and prints the command that ends what runs.',
    [
      ['removes it', 'dotsync service remove'],
      ['removes and ends it', 'dotsync service remove | sh'],
    ],
    making,
  ).action(
    failing(async () => {
      const unit = unitOf(context);
      if (nodeDisk.find(unit.file) === undefined) {
        throw new Failure(EXIT.absent, `there is no ${unit.file}; keybin dotsync service install writes it`);
      }
      nodeDisk.remove(unit.file);
      await say(context, `removed ${unit.file}; this command ends what runs:`);
      await context.stdout.write(unit.stop.map(line => `${line}\n`).join(''));
    }),
  );
  return command.addCommand(install).addCommand(remove);
}

function unitOf({ environment }: Context): Unit {
  const { home } = folderOf(environment);
  const command = [process.execPath, process.argv[1] ?? 'keybin', 'dotsync', 'watch'];
  if (process.platform === 'darwin') return launchdAgent(home, command);
  return systemdUnit(home, environment.XDG_CONFIG_HOME, command);
}
