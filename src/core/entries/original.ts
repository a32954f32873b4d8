/** Entries as the original API shows them, whoever wrote them (v2.md, section 2). */

import { Readable } from 'node:stream';
import type { EntryDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { base64Of } from './base64.ts';
import { openLong } from './content.ts';
import { valueAsJson } from './values.ts';

const BASE64 = ',"encoding":"base64"}';

/**
 * The JSON of an entry: a text as such, JSON spliced in as it was sent, other bytes as base64 with `encoding` beside them. A long value comes in
 * pieces, read as they are asked for. Rejects with `NotFoundError` (code `key_not_found`) when a long value has just gone,
 * `ContentDamagedError`.
 */
export function originalJson(core: Core, entry: EntryDoc): string | Promise<Readable> {
  const { blob, encoding, size = 0 } = entry;
  if (blob !== undefined) return longJson(core, { hash: blob, size }, encoding);
  return `{"value":${valueAsJson(entry)}${encoding === 'bytes' ? BASE64 : '}'}`;
}

async function longJson(
  core: Core,
  of: { hash: string; size: number },
  encoding: EntryDoc['encoding'],
): Promise<Readable> {
  const bytes = await openLong(core, of);
  const pieces = Readable.from(inPieces(bytes, encoding), { objectMode: false });
  // Also where nobody has read a piece: what was not begun lets go of nothing.
  pieces.once('close', () => bytes.destroy());
  return pieces;
}

async function* inPieces(bytes: AsyncIterable<Uint8Array>, encoding: EntryDoc['encoding']): AsyncGenerator<string> {
  yield encoding === 'json' ? '{"value":' : '{"value":"';
  if (encoding === 'bytes') yield* base64Of(bytes);
  else {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const shown = (text: string) => (encoding === 'json' ? text : JSON.stringify(text).slice(1, -1));
    for await (const piece of bytes) yield shown(decoder.decode(piece, { stream: true }));
    yield shown(decoder.decode());
  }
  yield encoding === 'json' ? '}' : encoding === 'bytes' ? `"${BASE64}` : '"}';
}
