/** What is in an entry, for whoever looks at it: whoever wrote it, and through whichever API. */

import { Readable } from 'node:stream';
import { ContentDamagedError } from '../../base/errors.ts';
import type { EntryDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { keyNotFound } from './entries.ts';
import { valueAsJson } from './values.ts';

/** A text, JSON (its text), or bytes. */
export type Content =
  | { readonly kind: 'text' | 'json'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** What is too long to be an entry's own: bytes of the blob store. */
export interface LongContent {
  readonly kind: 'long';
  /** SHA-256. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
}

/** The content of an entry. */
export function contentOf(entry: EntryDoc): Content | LongContent {
  const { value, encoding, blob } = entry;
  if (blob !== undefined) return { kind: 'long', hash: blob, size: entry.size ?? 0 };
  if (value instanceof Uint8Array) return { kind: 'bytes', bytes: value };
  if (typeof value === 'string' && encoding !== 'json') return { kind: 'text', text: value };
  return { kind: 'json', text: valueAsJson(entry) };
}

/**
 * The bytes of a long content, from `start` to `end` (both inclusive). Throws `NotFoundError` (code `key_not_found`) when they are gone, because
 * another value has taken their place, `ContentDamagedError` when there are others.
 */
export async function openLong(
  core: Core,
  { hash, size }: Pick<LongContent, 'hash' | 'size'>,
  range?: { start: number; end: number },
): Promise<Readable> {
  const found = await core.storage.blobs.stat(hash);
  const content = found && (await core.storage.blobs.open(hash, range));
  if (!content) throw keyNotFound();
  if (found.size !== size) {
    throw new ContentDamagedError(`the stored content ${hash} has ${found.size} bytes instead of ${size}`);
  }
  // A stream holds a file open, and has to be destroyed as it is: one around it that nobody read would not reach it.
  return content instanceof Readable ? content : Readable.from(content, { objectMode: false });
}

/** The content as a file: JSON as its text. */
export function bytesOf(content: Content): Buffer {
  if (content.kind !== 'bytes') return Buffer.from(content.text);
  const { buffer, byteOffset, byteLength } = content.bytes;
  return Buffer.from(buffer, byteOffset, byteLength);
}
