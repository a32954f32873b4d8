import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { Command } from 'commander';
import type { Keybin, Value } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { printable } from '../../terminal/table.ts';
import { define, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { runEditor } from '../follow/run.ts';
import { say } from '../output.ts';
import { connect } from '../session.ts';
import { isText } from './text.ts';

/** `keybin edit`. */
export function edit(context: Context, making: Making): Command {
  return define(
    'edit',
    'Opens a value in $VISUAL or $EDITOR, and stores it when it was changed; type, metadata and expiry stay. When somebody else changed the value meanwhile, nothing is stored: the difference is shown, and the edited text stays in a file.',
    [
      ['edits one, or makes it', 'edit notes/today.md'],
      ['with another editor', 'edit notes/today.md --editor "code --wait"'],
    ],
    making,
  )
    .argument('<key>', 'which value')
    .option('--editor <command>', 'in place of $VISUAL and $EDITOR')
    .addOption(profileOption())
    .action(async (key: string, { editor, profile }: { editor?: string; profile?: string }) => {
      const { client } = await connect(context, { profile });
      const { VISUAL, EDITOR } = context.environment;
      const value = await client.get(key, { signal: context.signal });
      const before = value ? await value.bytes() : new Uint8Array();
      if (!isText(before))
        throw new Failure(EXIT.failed, `${key} is no text; keybin get -o and keybin set @ do for bytes`);
      const folder = await mkdtemp(join(tmpdir(), 'keybin-'));
      const file = join(folder, `${key.replaceAll('/', '_').slice(-100)}${extname(key) ? '' : '.txt'}`);
      let isKept = false;
      try {
        await writeFile(file, before, { mode: 0o600 });
        await runEditor(context, editor || VISUAL || EDITOR || 'vi', file);
        const after = await readFile(file);
        if (after.equals(before)) return await say(context, 'nothing was changed');
        isKept = true;
        await store(client, { key, value, after, before }, context, file);
        isKept = false;
      } finally {
        if (!isKept) await rm(folder, { recursive: true, force: true });
      }
    });
}

/** A value, and what became of it. */
interface Edited {
  readonly key: string;
  readonly value: Value | undefined;
  readonly before: Uint8Array;
  readonly after: Buffer;
}

/** Stores it, unless somebody else was faster. Throws `Failure`, which names the file that has the edit. */
async function store(client: Keybin, edited: Edited, context: Context, file: string): Promise<void> {
  const { key, value, after } = edited;
  const { contentType: type, meta, etag: ifMatch, expiresAt } = value ?? {};
  try {
    const condition = value ? { ifMatch } : { ifAbsent: true };
    const { signal } = context;
    await client.set(key, after, {
      type: type ?? 'text/plain; charset=utf-8',
      meta,
      expiresAt: expiresAt ?? undefined,
      ...condition,
      signal,
    });
  } catch (error) {
    const { status, message } = error as { status?: number; message: string };
    if (status !== 412) throw new Failure(EXIT.failed, `${message}; nothing was stored, and your edit is in ${file}`);
    await showDifference(client, edited, context);
    throw new Failure(
      EXIT.absent,
      `${key} was changed meanwhile, and nothing was stored; your edit is in ${file}: keybin set ${key} @${file} stores it over that`,
    );
  }
  await say(context, `stored ${key}`);
}

/** What is stored now on one side, the edit on the other. */
async function showDifference(client: Keybin, { key, after }: Edited, context: Context): Promise<void> {
  const now = await client.get(key);
  const bytes = now ? await now.bytes() : new Uint8Array();
  if (!isText(bytes)) return say(context, `${key} is no text any more`);
  const { createTwoFilesPatch } = await import('diff');
  const patch = createTwoFilesPatch(
    `${key} (stored)`,
    `${key} (your edit)`,
    Buffer.from(bytes).toString(),
    after.toString(),
  );
  await say(context, patch.split('\n').slice(1).map(printable).join('\n').trimEnd());
}
