/** Entries as members of a list. */

import { isUtf8 } from 'node:buffer';
import type { EntryDoc } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { base64Of } from '../../../core/entries/base64.ts';
import type { Found } from '../../../core/entries/children.ts';
import { bytesOf, type LongContent, openLong } from '../../../core/entries/content.ts';
import { metaOf, representationOf } from '../../../core/entries/raw/representation.ts';

/** Characters of a value that are written at once. */
const PIECE = 65_536;

/** The type of a value that a list has without its bytes and that was stored without one. */
const TYPES = { text: 'text/plain; charset=utf-8', json: 'application/json', bytes: 'application/octet-stream' };

/** What a list says of an entry, as JSON text. */
export function memberText(entry: EntryDoc): string {
  const { key, updated_at = null, expires_at = null } = entry;
  const { etag, size, content_type } = namesOf(entry);
  return JSON.stringify({ key, etag, size, content_type, updated_at, expires_at });
}

/** Entries of the original service come with their values. */
function namesOf(entry: EntryDoc) {
  const { etag, size, content_type, encoding = 'text' } = entry;
  if (etag !== undefined && size !== undefined) {
    return { etag: `"${etag}"`, size, content_type: content_type ?? TYPES[encoding] };
  }
  const { contentType, ...more } = representationOf(entry);
  return { ...more, content_type: contentType };
}

/** A key or a folder as a line of its own. */
export function lineOf({ name, entry }: Found): string {
  return `${entry === undefined ? JSON.stringify({ prefix: name }) : memberText(entry)}\n`;
}

/** The same with its value, of an entry that has it itself. */
export function shortMember(entry: EntryDoc): string {
  const { content } = representationOf(entry);
  const bytes = content.kind === 'long' ? Buffer.alloc(0) : bytesOf(content);
  const value = isUtf8(bytes) ? { value: bytes.toString() } : { value_base64: bytes.toString('base64') };
  return `${knownText(entry).slice(0, -1)},${JSON.stringify(value).slice(1)}`;
}

/** What goes with a value: whoever has it so, can store it elsewhere. */
function knownText(entry: EntryDoc): string {
  const { content_encoding } = entry;
  const more = {
    ...(content_encoding !== undefined && { content_encoding }),
    ...(entry.meta !== undefined && { meta: metaOf(entry) }),
  };
  const text = memberText(entry);
  return Object.keys(more).length === 0 ? text : `${text.slice(0, -1)},${JSON.stringify(more).slice(1)}`;
}

/**
 * The same with the value, as JSON text in pieces: `value` where it is UTF-8, `value_base64` otherwise. Memory stays flat, however long
 * it is. Throws as `openLong`.
 */
export async function* wholeMember(core: Core, entry: EntryDoc): AsyncGenerator<string> {
  yield knownText(entry).slice(0, -1);
  const { content } = representationOf(entry);
  if (content.kind === 'long') yield* longValue(core, content, entry.encoding === 'bytes');
  else if (content.kind !== 'bytes') yield* textValue([content.text]);
  else {
    const bytes = bytesOf(content);
    if (isUtf8(bytes)) yield* textValue([bytes.toString()]);
    else yield `,"value_base64":"${bytes.toString('base64')}"`;
  }
  yield '}';
}

async function* longValue(core: Core, content: LongContent, mayBeBytes: boolean): AsyncGenerator<string> {
  if (mayBeBytes && !(await isText(await openLong(core, content)))) {
    yield ',"value_base64":"';
    yield* base64Of(await openLong(core, content));
    yield '"';
  } else yield* textValue(decoded(await openLong(core, content)));
}

/** A lone half of a pair at the end of a piece is escaped, which JSON takes. */
async function* textValue(pieces: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  yield ',"value":"';
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE) yield JSON.stringify(piece.slice(at, at + PIECE)).slice(1, -1);
  }
  yield '"';
}

async function* decoded(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const piece of pieces) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

async function isText(pieces: AsyncIterable<Uint8Array>): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const piece of pieces) decoder.decode(piece, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
