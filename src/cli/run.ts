/** From the arguments to the exit code. */

import { EXIT } from '../terminal/exit-codes.ts';
import type { Context } from './context.ts';
import { endOf, misused } from './failure.ts';
import { entries, overview, wholeProgram } from './program.ts';
import { version } from './version.ts';

/** Does what the arguments say; resolves with the exit code. Never rejects. */
export async function run(args: readonly string[], context: Context): Promise<number> {
  try {
    await command(args, context);
    return EXIT.done;
  } catch (error) {
    const { exitCode, message } = endOf(error);
    const hint = exitCode === EXIT.usage ? `; see keybin ${known(args[0]) ? `${args[0]} ` : ''}--help` : '';
    if (message !== '') await context.stderr.write(`keybin: ${message}${hint}\n`).catch(() => {});
    return exitCode;
  }
}

async function command(args: readonly string[], context: Context): Promise<void> {
  const [first, ...rest] = args[0] === 'help' && args[1] !== undefined ? [...args.slice(1), '--help'] : args;
  if (first === undefined) {
    await context.stderr.write(overview());
    throw misused('say what to do');
  }
  if (first === '-h' || first === '--help' || first === 'help') return context.stdout.write(overview());
  if (first === '-V' || first === '--version') return context.stdout.write(`keybin ${version()}\n`);
  const entry = entries.find(({ name }) => name === first);
  if (!entry) return refuseUnknown(args);
  let help = '';
  const said = (text: string) => {
    help += text;
  };
  const [build, { define }] = await Promise.all([entry.load(), import('./command.ts')]);
  const making = { said, whole: () => wholeProgram(context) };
  const program = define('keybin', '', [], making).addCommand(build(context, making));
  try {
    await program.parseAsync([first, ...rest], { from: 'user' });
  } catch (error) {
    if (help !== '') await (endOf(error).exitCode === EXIT.done ? context.stdout : context.stderr).write(help);
    throw error;
  }
}

function known(name: string | undefined): boolean {
  return entries.some(entry => entry.name === name);
}

/** Throws what says that there is no such command, and which one may be meant. */
async function refuseUnknown(args: readonly string[]): Promise<never> {
  const { define } = await import('./command.ts');
  const making = { said: () => {}, whole: () => Promise.reject(new Error('nobody asks')) };
  const program = define('keybin', '', [], making);
  for (const { name } of entries) program.addCommand(define(name, '', [], making));
  await program.parseAsync(args, { from: 'user' });
  throw misused(`unknown command ${args[0]}`);
}
