import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Item, type Items, noTotals, type Totals, UnsoundContent } from '../items.ts';
import { encodeDoc } from '../values.ts';
import type { Manifest } from './manifest.ts';
import { sealed } from './seal.ts';

/** Characters that are gathered before they are compressed. */
const GATHERED = 128 * 1024;

/** Bytes of a content in one line. */
const CHUNK_BYTES = 48 * 1024;

/** gzip's: higher ones take three times as long and save a tenth. */
const LEVEL = 3;

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
  const gzip = createGzip({ level: LEVEL, chunkSize: 256 * 1024 });
  const end = sink !== process.stdout;
  const options = stopping === undefined ? { end } : { end, signal: stopping };
  await pipeline(hashed(items, manifest, totals, passed), gzip, sealed, sink, options);
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
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let text = `${JSON.stringify(manifest)}\n`;
  const take = () => {
    const bytes = Buffer.from(text);
    text = '';
    hash.update(bytes);
    return bytes;
  };
  for await (const item of items) {
    for await (const lines of linesOf(item, totals)) {
      text += lines;
      if (text.length >= GATHERED) yield take();
    }
    passed('docs' in item ? item.docs.length : 1);
  }
  yield take();
  yield Buffer.from(`${JSON.stringify({ end: totals, sha256: hash.digest('hex') })}\n`);
}

async function* linesOf(item: Item, totals: Totals): AsyncGenerator<string> {
  if ('docs' in item) {
    totals.documents[item.in] = (totals.documents[item.in] ?? 0) + item.docs.length;
    const before = `{"in":${JSON.stringify(item.in)},"doc":`;
    let lines = '';
    for (const doc of item.docs) lines += `${before}${encodeDoc(doc)}}\n`;
    yield lines;
  } else if ('blob' in item) {
    yield* contentLines(item, totals);
  } else {
    if ('counter' in item) totals.counters++;
    if ('secret' in item) totals.secrets++;
    const line = 'moment' in item ? { moment: item.moment.toISOString(), one_moment: item.oneMoment } : item;
    yield `${JSON.stringify(line)}\n`;
  }
}

/** A content that is not what was stored is written as it is, and said to be so: the rest is worth as much as ever. */
async function* contentLines(
  { blob, size, content }: Extract<Item, { blob: string }>,
  totals: Totals,
): AsyncGenerator<string> {
  yield `{"blob":"${blob}","size":${size}}\n`;
  try {
    for await (const chunk of chunks(content)) yield `{"bytes":"${chunk.toString('base64')}"}\n`;
    totals.blobs++;
    totals.bytes += size;
  } catch (error) {
    if (!(error instanceof UnsoundContent)) throw error;
    totals.missing.push(blob);
    yield `{"unsound":"${blob}"}\n`;
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
