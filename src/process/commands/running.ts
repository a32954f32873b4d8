import { Command, CommanderError } from 'commander';
import { AppError, InvalidInputError, NotFoundError, PreconditionFailedError } from '../../base/errors.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import type { Signals } from '../signals.ts';
import { CommandError } from './command-error.ts';
import type { Running } from './frame.ts';
import { commands } from './list.ts';

/** Runs the command that stands at `at`; returns the exit code. Throws `CommandError`, which has another. */
export function runCommand(args: readonly string[], at: number, signals: Signals): Promise<number> {
  const stop = new AbortController();
  let stoppable = 0;
  const interrupted = new Promise<number>(resolve => {
    signals.onStop(() => {
      if (stoppable === 0 || stop.signal.aborted) resolve(EXIT.interrupted);
      stop.abort();
    });
  });
  const running: Running = {
    async stoppable(work) {
      stoppable++;
      try {
        return await work(stop.signal);
      } finally {
        stoppable--;
      }
    },
  };
  process.stdout.on('error', () => {}); // whoever read the answer has seen enough
  return Promise.race([parse(args, at, running), interrupted]);
}

/** The program with one command, or all of them: nothing of the others is loaded. */
export async function programOf(names: readonly string[], running: Running): Promise<Command> {
  const program = new Command('keybin-server').helpCommand(false).exitOverride();
  program.configureOutput({ outputError: () => {} }).configureHelp({ helpWidth: 100 });
  for (const name of names) (await commands[name]?.())?.define(program, running);
  return program;
}

async function parse(args: readonly string[], at: number, running: Running): Promise<number> {
  const [name = '', ...rest] = args.slice(at);
  const program = await programOf([name], running);
  try {
    await program.parseAsync([name, ...rest, ...args.slice(0, at)], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw asCommandError(error);
    if (error.exitCode === 0) return EXIT.done;
    if (error.code === 'commander.help') return EXIT.usage; // it was shown
    throw new CommandError(`${error.message.replace(/^error: /, '')}\nTry: keybin-server ${name} --help`, EXIT.usage);
  }
}

/** What the core refuses is no mistake of the program. */
function asCommandError(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const options = { cause: error };
  if (error instanceof NotFoundError || error instanceof PreconditionFailedError) {
    return new CommandError(error.message, EXIT.absent, options);
  }
  return new CommandError(error.message, error instanceof InvalidInputError ? EXIT.usage : EXIT.failed, options);
}
