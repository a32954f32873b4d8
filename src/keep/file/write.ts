import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Item, type Items, noTotals, type Totals, UnsoundContent } from '../items.ts';
import { encodeDoc } from '../values.ts';
import { compressed, isDense, type Piece } from './compress.ts';
import type { Manifest } from './manifest.ts';
import { sealed } from './seal.ts';

/** Characters that are gathered before they are compressed: with fewer, less is found that comes twice. */
const GATHERED = 256 * 1024;

/** Bytes of a content in one line. */
const CHUNK_BYTES = 48 * 1024;

/** How a backup is written. */
export interface WriteOptions {
  /** So many more records are written. */
  readonly passed?: (records: number) => void;
  readonly stopping?: AbortSignal | undefined;
}

/**
 * Writes items as a backup. `totals` counts them, and may be added to by whoever makes the items: what is missing. The sink is not
 * ended when it is the standard output.
 */
export async function writeBackup(
  items: Items,
  manifest: Manifest,
  totals: Totals,
  sink: Writable,
  { passed = () => {}, stopping }: WriteOptions = {},
): Promise<void> {
  const end = sink !== process.stdout;
  const options = stopping === undefined ? { end } : { end, signal: stopping };
  await pipeline(compressed(hashed(items, manifest, totals, passed)), sealed, sink, options);
}

/** A new count for what a manifest announces. */
export function totalsFor({ collections }: Manifest): Totals {
  return noTotals(collections);
}

/** All lines, the last of which has the SHA-256 of the others. */
async function* hashed(
  items: Items,
  manifest: Manifest,
  totals: Totals,
  passed: (records: number) => void,
): AsyncGenerator<Piece> {
  const hash = createHash('sha256');
  let text = `${JSON.stringify(manifest)}\n`;
  let dense = false;
  const take = (): Piece => {
    const bytes = Buffer.from(text);
    text = '';
    hash.update(bytes);
    return { bytes, dense };
  };
  for await (const item of items) {
    for await (const lines of linesOf(item, totals)) {
      if (lines.dense !== dense && text.length > 0) yield take();
      dense = lines.dense;
      text += lines.text;
      if (text.length >= GATHERED) yield take();
    }
    passed('docs' in item ? item.docs.length : 1);
  }
  if (text.length > 0) yield take();
  const end = `${JSON.stringify({ end: totals, sha256: hash.digest('hex') })}\n`;
  yield { bytes: Buffer.from(end), dense: false };
}

/** Some lines, and whether they are of a content that nothing makes smaller. */
interface Text {
  readonly text: string;
  readonly dense: boolean;
}

async function* linesOf(item: Item, totals: Totals): AsyncGenerator<Text> {
  if ('docs' in item) {
    totals.documents[item.in] = (totals.documents[item.in] ?? 0) + item.docs.length;
    const before = `{"in":${JSON.stringify(item.in)},"doc":`;
    let lines = '';
    for (const doc of item.docs) lines += `${before}${encodeDoc(doc)}}\n`;
    yield { text: lines, dense: false };
  } else if ('blob' in item) {
    yield* contentLines(item, totals);
  } else {
    if ('counter' in item) totals.counters++;
    if ('secret' in item) totals.secrets++;
    const line = 'moment' in item ? { moment: item.moment.toISOString(), one_moment: item.oneMoment } : item;
    yield { text: `${JSON.stringify(line)}\n`, dense: false };
  }
}

/** A content that is not what was stored is written as it is, and said to be so: the rest is worth as much as ever. */
async function* contentLines(
  { blob, size, content }: Extract<Item, { blob: string }>,
  totals: Totals,
): AsyncGenerator<Text> {
  const head = `{"blob":"${blob}","size":${size}}\n`;
  let dense: boolean | undefined;
  try {
    for await (const chunk of chunks(content)) {
      const before = dense === undefined ? head : '';
      dense ??= isDense(chunk);
      yield { text: `${before}{"bytes":"${chunk.toString('base64')}"}\n`, dense };
    }
    if (dense === undefined) yield { text: head, dense: false };
    totals.blobs++;
    totals.bytes += size;
  } catch (error) {
    if (!(error instanceof UnsoundContent)) throw error;
    totals.missing.push(blob);
    const before = dense === undefined ? head : '';
    yield { text: `${before}{"unsound":"${blob}"}\n`, dense: false };
  }
}

/** The content in pieces of one size, but for the last. What it throws comes behind all of it. */
async function* chunks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  let failure: { error: unknown } | undefined;
  try {
    for await (const piece of content) {
      for (let taken = 0; taken < piece.byteLength; ) {
        const part = piece.subarray(taken, taken + CHUNK_BYTES - filled);
        chunk.set(part, filled);
        filled += part.byteLength;
        taken += part.byteLength;
        if (filled < CHUNK_BYTES) continue;
        yield chunk;
        filled = 0;
      }
    }
  } catch (error) {
    failure = { error };
  }
  if (filled > 0) yield chunk.subarray(0, filled);
  if (failure) throw failure.error;
}
