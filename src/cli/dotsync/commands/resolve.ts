import type { Command } from 'commander';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { define, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { Failure, misused } from '../../failure.ts';
import { say } from '../../output.ts';
import { atWork, failing, openDesk } from '../desk.ts';
import { settle, Unsettled } from '../engine/settle.ts';
import { findTracked } from './tracked.ts';

interface Options {
  readonly mine?: boolean;
  readonly theirs?: boolean;
  readonly yes?: boolean;
}

/** `keybin dotsync resolve`. */
export function resolve(context: Context, making: Making): Command {
  return define(
    'resolve',
    'Ends the conflict of a file: with what stands in it now, which may be merged (--mine), or with the copy beside it (--theirs). The copy is removed, and the next round sends the outcome.',
    [
      ['keeps what is here', 'dotsync resolve ~/.vimrc --mine'],
      ['takes what the other machine wrote', 'dotsync resolve ~/.vimrc --theirs'],
    ],
    making,
  )
    .argument('<file>', 'a file that is in conflict')
    .option('--mine', 'what stands in the file')
    .option('--theirs', 'what stands in the copy')
    .option('-y, --yes', 'also where the copy was changed since it was received')
    .action(
      failing(async (file: string, { mine, theirs, yes = false }: Options) => {
        if ((mine === true) === (theirs === true)) throw misused('say one of --mine and --theirs');
        const desk = openDesk(context);
        const { config, path } = await findTracked(desk, file);
        await atWork(desk.folder, context.signal, async () => {
          const { place, state } = desk.round();
          try {
            settle({ place, state, config: config.id }, path, mine ? 'mine' : 'theirs', yes);
          } catch (error) {
            throw error instanceof Unsettled ? new Failure(EXIT.absent, error.message) : error;
          }
        });
        await say(context, `${path} is in conflict no longer; keybin dotsync sync sends it`);
      }),
    );
}
