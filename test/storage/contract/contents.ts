/** Contents to be stored as blobs, and what is stored. */

import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { BlobStore } from '../../../src/storage/port.ts';

export const MIB = 1024 * 1024;

/** The address of a content. */
export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A content, piece by piece. */
export async function* chunksOf(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

/** A moment that is waited for; at the latest the end of the test, for nobody to wait for ever. */
export interface Moment {
  readonly come: Promise<void>;
  /** Lets it come. */
  readonly now: () => void;
}

export function moment(): Moment {
  let now = () => {};
  const come = new Promise<void>(resolve => {
    now = resolve;
  });
  onTestFinished(now);
  return { come, now };
}

/** A content that stands still half way. */
export interface Paused {
  readonly content: AsyncIterable<Uint8Array>;
  /** Resolves when the first half was read. */
  readonly halfRead: Promise<void>;
  /** Lets the second half come, or what ends it instead. */
  readonly goOn: (failure?: Error) => void;
}

export function paused(bytes: Uint8Array): Paused {
  const half = moment();
  const rest = moment();
  let broken: Error | undefined;
  async function* content() {
    yield bytes.subarray(0, bytes.length / 2);
    half.now();
    await rest.come;
    if (broken) throw broken;
    yield bytes.subarray(bytes.length / 2);
  }
  const goOn = (failure?: Error) => {
    broken = failure;
    rest.now();
  };
  return { content: content(), halfRead: half.come, goOn };
}

/** The bytes of a blob, or of a part of it. */
export async function read(
  blobs: BlobStore,
  address: string,
  range?: { start: number; end?: number },
): Promise<Buffer | undefined> {
  const content = await blobs.open(address, range);
  if (!content) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

/** All there are, page by page. */
export async function addresses(blobs: BlobStore): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await blobs.list(cursor);
    found.push(...page.items.map(item => item.sha256));
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}
