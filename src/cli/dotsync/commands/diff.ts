import type { Command } from 'commander';
import { printable } from '../../../terminal/table.ts';
import { define, type Making } from '../../command.ts';
import type { Context } from '../../context.ts';
import { say } from '../../output.ts';
import { failing, openDesk } from '../desk.ts';
import { FILE_BYTES, look } from '../engine/look.ts';
import { contentOf } from '../engine/preview.ts';
import { findTracked } from './tracked.ts';

/** Milliseconds for comparing: two long files without a common line take minutes. */
const PATIENCE = 10_000;

/** `keybin dotsync diff`. */
export function diff(context: Context, making: Making): Command {
  return define(
    'diff',
    'Shows how a file differs here from what the server has: lines with - are there, those with + are here. Changes nothing.',
    [
      ['one file', 'dotsync diff ~/.vimrc'],
      ['in colours', 'dotsync diff ~/.vimrc | git diff --no-index --color - /dev/null'],
    ],
    making,
  )
    .argument('<file>', 'a file that is watched')
    .action(
      failing(async (file: string) => {
        const desk = openDesk(context);
        const { config, path } = await findTracked(desk, file);
        const found = look(desk.place, path);
        const there = await contentOf(desk.looking([config]), config.id, path);
        const here = found.kind === 'file' ? desk.place.disk.read(found.target, FILE_BYTES) : undefined;
        if (found.kind === 'blocked') return say(context, `${path} ${found.reason}`);
        if (there === undefined) return say(context, `the server has no ${path} yet`);
        if (here === undefined) return say(context, `${path} is not here; keybin dotsync sync brings it`);
        if (Buffer.compare(here, there) === 0) return say(context, `${path} is the same here and on the server`);
        await context.stdout.write(await compared(path, there, here, context.stdout.isTerminal));
      }),
    );
}

async function compared(path: string, there: Uint8Array, here: Uint8Array, isTerminal: boolean): Promise<string> {
  const [before, after] = [textOf(there), textOf(here)];
  const otherwise = `${path}: ${there.length} bytes on the server, ${here.length} others here\n`;
  if (before === undefined || after === undefined) return otherwise;
  const { createTwoFilesPatch } = await import('diff');
  const patch = createTwoFilesPatch('server', path, before, after, undefined, undefined, { timeout: PATIENCE });
  const text = patch?.replace(/^=+\n/, '') ?? otherwise;
  return isTerminal ? text.split('\n').map(printable).join('\n') : text;
}

/** Bytes as text; undefined when they are none. */
function textOf(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
