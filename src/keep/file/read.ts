import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip } from 'node:zlib';
import type { AnyDoc } from '../../storage/port.ts';
import { BackupError } from '../backup-error.ts';
import { type Item, type Items, noTotals, type Totals, UnsoundContent } from '../items.ts';
import { decodeDoc } from '../values.ts';
import { Lines } from './lines.ts';
import { type Manifest, manifestOf } from './manifest.ts';
import { unsealed } from './seal.ts';

/** A portion of documents ends with so many, or with so many characters. */
const DOCUMENTS = 4000;
const CHARACTERS = 1024 * 1024;

/** A backup that is being read. */
export interface Backup {
  readonly manifest: Manifest;
  /** To be read once. Whatever is not as it was written is a `BackupError`, at the end at the latest. */
  readonly items: Items;
  /** What was read so far. */
  readonly totals: Totals;
  /** Lets go of the source. */
  close(): Promise<void>;
}

/** Begins to read a backup. Throws `BackupError`: it is none, or of a newer version. */
export async function readBackup(source: AsyncIterable<Uint8Array>): Promise<Backup> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  pipeline(Readable.from(unsealed(source), { objectMode: false }), gunzip, () => {}); // whoever reads sees what fails
  const lines = new Lines(readable(gunzip));
  const first = await nextLine(lines);
  if (first === undefined) throw new BackupError('this is no backup of Keybin: it is empty');
  const manifest = manifestOf(parsed(first, lines));
  const totals = noTotals(manifest.collections);
  return { manifest, totals, items: itemsOf(lines, totals), close: () => lines.close() };
}

async function* readable(gunzip: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* gunzip;
  } catch (error) {
    throw isOfZlib(error) ? unreadable(error) : error;
  }
}

function isOfZlib(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

function unreadable(error: NodeJS.ErrnoException): BackupError {
  if (error.message === 'incorrect header check')
    return new BackupError('this is no backup of Keybin: it is not compressed by gzip');
  return new BackupError(`the backup is damaged, or cut short (gzip: ${error.message})`, { cause: error });
}

async function nextLine(lines: Lines): Promise<string | undefined> {
  return lines.take() ?? ((await lines.more()) ? lines.take() : undefined);
}

function parsed(line: string, lines: Lines): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw damaged(lines, 'is no JSON', cause);
  }
}

/** An error that names the line that was given out last. */
function damaged(lines: Lines, how: string, cause?: unknown): BackupError {
  return new BackupError(`the backup is damaged: line ${lines.count} ${how}`, { cause });
}

interface Line {
  readonly in?: string;
  readonly doc?: unknown;
  readonly blob?: string;
  readonly size?: number;
  readonly counter?: string;
  readonly secret?: string;
  readonly value?: unknown;
  readonly moment?: string;
  readonly one_moment?: boolean;
  readonly end?: unknown;
  readonly sha256?: string;
}

async function* itemsOf(lines: Lines, totals: Totals): AsyncGenerator<Item> {
  for (;;) {
    const text = await nextLine(lines);
    if (text === undefined) throw new BackupError('the backup is cut short: it has no end');
    const line = (parsed(text, lines) ?? {}) as Line;
    if (typeof line.in === 'string') {
      yield { in: line.in, docs: await portion(lines, line.in, line, text, totals) };
    } else if (typeof line.blob === 'string' && Number.isSafeInteger(line.size)) {
      const { blob, size = 0 } = line;
      const state = { ended: false };
      yield { blob, size, content: content(lines, { blob, size }, totals, state) };
      if (!state.ended) throw new Error('a content was not read to its end');
    } else if (line.end !== undefined) {
      return await demandEnd(lines, line, totals);
    } else {
      yield single(line, lines, totals);
    }
  }
}

/** What is one line. */
function single({ counter, secret, value, moment, one_moment }: Line, lines: Lines, totals: Totals): Item {
  if (typeof counter === 'string' && typeof value === 'number') {
    totals.counters++;
    return { counter, value };
  }
  if (typeof secret === 'string' && typeof value === 'string') {
    totals.secrets++;
    return { secret, value };
  }
  if (typeof moment === 'string') return { moment: new Date(moment), oneMoment: one_moment === true };
  throw damaged(lines, 'is nothing that is known');
}

/** The documents of the line, and of those behind it: many, since whoever stores them does so in one transaction. */
async function portion(lines: Lines, collection: string, first: Line, text: string, totals: Totals): Promise<AnyDoc[]> {
  const counted = totals.documents[collection];
  if (counted === undefined) throw damaged(lines, 'is of a collection that was not announced');
  const before = `{"in":${JSON.stringify(collection)},`;
  const docs = [document(first, lines)];
  let characters = text.length;
  while (docs.length < DOCUMENTS && characters < CHARACTERS) {
    if (lines.peek() === undefined) await lines.more();
    if (!lines.peek()?.startsWith(before)) break;
    const next = lines.take() ?? '';
    characters += next.length;
    docs.push(document(parsed(next, lines) as Line, lines));
  }
  totals.documents[collection] = counted + docs.length;
  return docs;
}

function document({ doc }: Line, lines: Lines): AnyDoc {
  try {
    return decodeDoc(doc);
  } catch (cause) {
    throw damaged(lines, 'holds a document that cannot be read', cause);
  }
}

/** The content of the lines that follow. */
async function* content(
  lines: Lines,
  { blob, size }: { blob: string; size: number },
  totals: Totals,
  state: { ended: boolean },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let length = 0;
  while (lines.peek() !== undefined || (await lines.more())) {
    if (!lines.peek()?.startsWith('{"bytes":')) break;
    const { bytes } = parsed(lines.take() ?? '', lines) as { bytes: unknown };
    const piece = Buffer.from(String(bytes), 'base64');
    hash.update(piece);
    length += piece.length;
    yield piece;
  }
  state.ended = true;
  if (lines.peek()?.startsWith('{"unsound":')) {
    lines.take();
    totals.missing.push(blob);
    throw new UnsoundContent(blob);
  }
  if (length !== size || hash.digest('hex') !== blob) throw damaged(lines, `ends a content that is not ${blob}`);
  totals.blobs++;
  totals.bytes += size;
}

async function demandEnd(lines: Lines, { end, sha256 }: Line, totals: Totals): Promise<void> {
  if ((await nextLine(lines)) !== undefined) throw damaged(lines, 'stands behind the end');
  if (lines.digest() !== sha256)
    throw new BackupError('the backup is damaged: its lines are not those that were written');
  const { missing, ...counts } = totals;
  const { missing: announced, ...expected } = end as Totals;
  if (!isDeepStrictEqual(counts, expected)) {
    throw new BackupError('the backup is damaged: it does not hold as many records as its end says');
  }
  totals.missing.splice(0, missing.length, ...announced);
}
