/** Backups in memory, as the tests of this folder make and read them. */

import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { Manifest } from '../../src/keep/file/manifest.ts';
import { type Backup, readBackup } from '../../src/keep/file/read.ts';
import { totalsFor, writeBackup } from '../../src/keep/file/write.ts';
import type { Item, Items } from '../../src/keep/items.ts';
import { SCHEMA_VERSION } from '../../src/storage/schema.ts';

/** The first line of a backup of these collections. */
export function manifest(collections: readonly string[], changed: Partial<Manifest> = {}): Manifest {
  return {
    keybin_backup: 1,
    keybin: '9.9.9',
    schema: SCHEMA_VERSION,
    engine: 'embedded',
    id: 'a-copy',
    begun_at: '2026-01-02T03:04:05.000Z',
    collections,
    excluded: [],
    ...changed,
  };
}

/** The bytes of a backup of these items. */
export async function packed(items: Items, first: Manifest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  await writeBackup(items, first, totalsFor(first), sink);
  return Buffer.concat(chunks);
}

/** Begins to read bytes that come in pieces of some. */
export function opened(bytes: Buffer, piece = 1000): Promise<Backup> {
  return readBackup(inPieces(bytes, piece));
}

/** All items, contents read. */
export async function gathered(items: Items): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) {
    if (!('blob' in item)) {
      const last = all.at(-1) as Item | undefined;
      if (last !== undefined && 'docs' in last && 'docs' in item && last.in === item.in)
        (last.docs as object[]).push(...item.docs);
      else all.push('docs' in item ? { in: item.in, docs: [...item.docs] } : item);
      continue;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of item.content) pieces.push(Buffer.from(piece));
    all.push({
      blob: item.blob,
      size: item.size,
      content: createHash('sha256').update(Buffer.concat(pieces)).digest('hex'),
    });
  }
  return all;
}

/** Items as they are. */
export async function* itemsOf(list: readonly Item[]): Items & AsyncGenerator<Item> {
  yield* list;
}

/** A content as an item. */
export function blobOf(content: Buffer): Item {
  const blob = createHash('sha256').update(content).digest('hex');
  return { blob, size: content.length, content: inPieces(content, 70_000) };
}

async function* inPieces(bytes: Buffer, piece: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
}
