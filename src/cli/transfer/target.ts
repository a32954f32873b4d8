/** Where an export goes: the standard output, or a file that may hold a part of it already. */

import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EXIT } from '../../terminal/exit-codes.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { type Header, type Item, itemOf, type Mark } from './format.ts';
import { linesOf } from './lines.ts';

/** Takes the text of an export. */
export interface Target {
  /** How far it had come. */
  readonly mark: Mark | undefined;
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** The target, with its header. Throws `Failure` when the file is whole, or of another export. */
export async function openTarget({ stdout }: Context, file: string | undefined, header: Header): Promise<Target> {
  const first = `${JSON.stringify(header)}\n`;
  if (file === undefined || file === '-') {
    await stdout.write(first);
    return { mark: undefined, write: text => stdout.write(text), close: async () => {} };
  }
  const handle = await open(file, 'a', 0o600);
  try {
    const { end, mark } = await partOf(handle, file, header);
    if (end > 0) await handle.truncate(end);
    else await handle.writeFile(first);
    return {
      mark,
      write: text => handle.writeFile(text),
      async close() {
        await handle.sync().catch(() => {}); // a device cannot
        await handle.close();
      },
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** How much of a file counts: up to its last mark. */
interface Part {
  readonly end: number;
  readonly mark: Mark | undefined;
}

async function partOf(handle: FileHandle, file: string, header: Header): Promise<Part> {
  let part: Part = { end: 0, mark: undefined };
  if ((await handle.stat()).size === 0) return part;
  const refused = (why: string) => new Failure(EXIT.failed, `${file} ${why}; name another file, or remove it`);
  for await (const { text, end, isWhole } of linesOf(createReadStream(file))) {
    // One of another program, or a half one, is as good as none.
    const item = (isWhole ? itemOf(text) : undefined) ?? ({} as Item);
    if (part.end === 0) {
      if (!('keybin_export' in item)) throw refused('is no export of keybin');
      if (!isSame(item, header)) throw refused(`is an export of ${item.prefix || 'all keys'} at ${item.server}`);
      part = { end, mark: undefined };
    }
    if ('complete' in item) throw refused('is a whole export already');
    if ('cursor' in item) part = { end, mark: item };
  }
  return part;
}

function isSame(a: Header, b: Header): boolean {
  return a.server === b.server && a.prefix === b.prefix;
}
