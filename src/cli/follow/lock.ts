import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { Lock } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { define, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { seconds } from '../durations.ts';
import { Failure, misused } from '../failure.ts';
import { say } from '../output.ts';
import { connect } from '../session.ts';
import { ttlOption } from '../values/options.ts';
import { endOf, start } from './run.ts';

/** Milliseconds that a command has to end by itself when the lock is lost. */
const PATIENCE = 10_000;

interface Options {
  readonly ttl: number;
  readonly wait?: number;
  readonly profile?: string;
}

/** `keybin lock`. */
export function lock(context: Context, making: Making): Command {
  return define(
    'lock',
    'Runs a command while it holds a key that only one can create; renews it meanwhile, and frees it at the end. Ends as the command does; with 3 when somebody else holds the lock, with 1 when it is lost, and the command is then ended too. Signals go to the command.',
    [
      ['runs a backup on one machine at a time', 'lock locks/backup -- ./backup.sh'],
      ['waits a minute for whoever has it', 'lock locks/deploy --wait 1m -- make deploy'],
    ],
    making,
  )
    .argument('<key>', 'the lock')
    .argument('<command...>', 'behind --, what is run')
    .addOption(ttlOption('after so long it is free when its holder is gone').default(30, '30s'))
    .option('--wait <duration>', 'waits so long for it', seconds)
    .addOption(profileOption())
    .action(async (key: string, command: readonly string[], { ttl, wait, profile }: Options) => {
      if (ttl < 1) throw misused('--ttl: expected a second at least');
      const { client } = await connect(context, { profile });
      const value = `${hostname()} ${process.pid}`;
      const held = await client
        .lock(key, { ttl, wait, value, signal: context.signal })
        .catch(async (error: { status?: number }) => {
          if (error.status !== 412) throw error;
          const holder = await client.get(key).then(
            found => found?.text(),
            () => undefined,
          );
          throw new Failure(
            EXIT.absent,
            `${key} is held${holder ? ` by ${holder.slice(0, 80)}` : ''}; wait for it with --wait 1m, or try again`,
          );
        });
      const code = await whileHeld(context, held, command);
      if (code !== EXIT.done) throw new Failure(code);
    });
}

async function whileHeld(context: Context, held: Lock, command: readonly string[]): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  try {
    context.signal.throwIfAborted();
    const child = start(command, context.environment);
    // Ctrl-C at a terminal reaches the command by itself: it is of the same group.
    context.takeSignals(name => void ((name === 'SIGINT' && process.stdin.isTTY) || child.kill(name)));
    held.signal.addEventListener('abort', () => {
      child.kill('SIGTERM');
      timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    });
    const code = await endOf(child, command[0] ?? '');
    if (held.signal.aborted)
      throw new Failure(
        EXIT.failed,
        `the lock ${held.key} was lost, and the command ended; look at what it has done, then try again`,
      );
    return code;
  } finally {
    clearTimeout(timer);
    await held
      .release()
      .catch(error =>
        say(context, `keybin: the lock ${held.key} could not be freed, and ends by itself: ${error.message}`),
      );
  }
}
