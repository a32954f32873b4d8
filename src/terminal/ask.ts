/** Questions to whoever sits at the terminal, which stand on the standard error output: the standard output is for the answer. */

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** Whether anybody can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks for a line; undefined: there was none (Ctrl-D). */
export function askLine(question: string): Promise<string | undefined> {
  return ask(question, process.stderr);
}

/** Asks for a line that is not shown while it is typed; undefined: there was none. */
export async function askHidden(question: string): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // Not before the terminal shows nothing any more: somebody may type at once.
  const text = await ask('', nowhere, () => process.stderr.write(question));
  process.stderr.write('\n');
  return text;
}

/** Whether the answer to a question is yes. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await askLine(`${question} [y/N] `))?.trim() ?? '');
}

/** All of the standard input, without a line break at its end. Throws `TypeError` where that is no UTF-8. */
export async function readInput(): Promise<string> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await buffer(process.stdin));
  return text.replace(/\r?\n$/, '');
}

async function ask(question: string, output: NodeJS.WritableStream, begun?: () => void): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output, terminal: true, historySize: 0 });
  begun?.();
  // A terminal that is read so sends no signal for Ctrl-C.
  lines.on('SIGINT', () => {
    process.stderr.write('\n');
    process.kill(process.pid, 'SIGINT');
  });
  try {
    return await new Promise(resolve => {
      lines.on('close', () => resolve(undefined));
      void lines.question(question).then(resolve);
    });
  } finally {
    lines.close();
  }
}
