/** What is in an entry, for whoever looks at it: whoever wrote it, and through whichever API. */

import type { EntryDoc } from '../collections.ts';
import { valueAsJson } from './values.ts';

/** A text, JSON (its text), or bytes. */
export type Content =
  | { readonly kind: 'text' | 'json'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

/** The content of an entry. */
export function contentOf(entry: EntryDoc): Content {
  const { value, encoding } = entry;
  if (value instanceof Uint8Array) return { kind: 'bytes', bytes: value };
  if (typeof value === 'string' && encoding !== 'json') return { kind: 'text', text: value };
  return { kind: 'json', text: valueAsJson(entry) };
}

/** The content as a file: JSON as its text. */
export function bytesOf(content: Content): Buffer {
  if (content.kind !== 'bytes') return Buffer.from(content.text);
  const { buffer, byteOffset, byteLength } = content.bytes;
  return Buffer.from(buffer, byteOffset, byteLength);
}
