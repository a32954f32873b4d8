/** What an import reads, and how far an earlier run has come with it. */

import { createReadStream } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { EXIT } from '../../terminal/exit-codes.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { replaceFile } from '../files.ts';
import { type Exported, itemOf } from './format.ts';
import { linesOf } from './lines.ts';
import { type Counts, NOTHING } from './store.ts';

/** Bytes of the end of a file that hold its last line. */
const TAIL = 256;

/** Values to be stored. */
export interface Source {
  /** What earlier runs have done. */
  readonly done: Counts;
  readonly total: number | undefined;
  readonly values: AsyncIterable<{ readonly value: Exported; readonly end: number }>;
  /** All up to this offset is done. */
  keep(end: number, done: Counts): Promise<void>;
  /** All of it is. */
  finish(): Promise<void>;
}

/** What an import is asked for. */
export interface Wanted {
  readonly url: string;
  readonly partial?: boolean;
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
}

/** How far an import has come: of this file, into this server, in this way. */
interface State {
  readonly url: string;
  readonly size: number;
  readonly modified: number;
  readonly overwrite: boolean;
  readonly end: number;
  readonly done: Counts;
}

/** Opens a file, or the standard input. Throws `Failure` when it is an export that is not whole. */
export async function openSource({ signal }: Context, file: string, wanted: Wanted): Promise<Source> {
  const { url, partial = false, dryRun = false, overwrite = false } = wanted;
  if (file === '-') {
    const values = valuesOf(process.stdin, { name: 'the standard input', partial, offset: 0 });
    return { done: NOTHING, total: undefined, values, keep: async () => {}, finish: async () => {} };
  }
  const { size, mtimeMs: modified } = await stat(file);
  const same = { url, size, modified, overwrite };
  const stateFile = `${file}.import`;
  const state = dryRun ? undefined : await readState(stateFile, same);
  const offset = state?.end ?? 0;
  const { isWhole, needsEnd, count } = await endOf(file, size);
  if (needsEnd && !isWhole && !partial) throw notWhole(file);
  return {
    done: state?.done ?? NOTHING,
    total: count,
    values: valuesOf(createReadStream(file, { start: offset, signal }), {
      name: file,
      partial: partial || isWhole,
      offset,
    }),
    async keep(end, done) {
      if (dryRun) return;
      await replaceFile(stateFile, [JSON.stringify({ ...same, end, done } satisfies State)], { mode: 0o600 });
    },
    async finish() {
      if (!dryRun) await rm(stateFile, { force: true });
    },
  };
}

async function readState(file: string, same: Omit<State, 'end' | 'done'>): Promise<State | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const state = JSON.parse(text) as Partial<State>;
  const isSame = Object.entries(same).every(([name, value]) => state[name as keyof State] === value);
  return isSame ? (state as State) : undefined;
}

/** Whether a file begins and ends as a whole export does, and how many values that has. */
async function endOf(
  file: string,
  size: number,
): Promise<{ isWhole: boolean; needsEnd: boolean; count: number | undefined }> {
  const handle = await open(file);
  try {
    const first = await handle.read(Buffer.alloc(TAIL), 0, TAIL, 0);
    const needsEnd = first.buffer.toString().startsWith('{"keybin_export":');
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL));
    const last = buffer.subarray(0, bytesRead).toString().trimEnd().split('\n').at(-1) ?? '';
    const item = itemOf(last);
    const isWhole = item !== undefined && 'complete' in item;
    return { isWhole, needsEnd, count: isWhole ? item.count : undefined };
  } finally {
    await handle.close();
  }
}

/** How lines are read. */
interface Reading {
  readonly name: string;
  /** The end may be missing. */
  readonly partial: boolean;
  readonly offset: number;
}

async function* valuesOf(
  chunks: AsyncIterable<Uint8Array>,
  { name, partial, offset }: Reading,
): AsyncGenerator<{ value: Exported; end: number }> {
  let needsEnd = offset > 0;
  let line = 0;
  for await (const { text, end, isWhole } of linesOf(chunks, offset)) {
    line++;
    if (text.trim() === '') continue;
    const item = itemOf(text);
    if (!item && partial && !isWhole) return;
    if (!item) {
      const where = `line ${line}${offset > 0 ? ' behind what is done' : ''}`;
      throw new Failure(EXIT.failed, `${name}: ${where} is no value of an export; look whether the file is damaged`);
    }
    if ('keybin_export' in item) needsEnd = true;
    else if ('complete' in item) needsEnd = false;
    else if ('key' in item) yield { value: item, end };
  }
  if (needsEnd && !partial) throw notWhole(name);
}

function notWhole(name: string): Failure {
  return new Failure(
    EXIT.failed,
    `${name} is not whole; go on with keybin export -o, or do without the rest: --partial`,
  );
}
