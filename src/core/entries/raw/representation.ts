/** An entry as v2 shows it: bytes with a type and a name of their own, whoever wrote it. */

import type { EntryDoc } from '../../collections.ts';
import { sha256Short } from '../../ids.ts';
import { bytesOf, type Content, contentOf, type LongContent } from '../content.ts';

/** What is known of an entry beside its bytes. */
export interface Representation {
  readonly content: Content | LongContent;
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** As headers have it, with quotes. */
  readonly etag: string;
}

/** The entry as v2 shows it. */
export function representationOf(entry: EntryDoc): Representation {
  const content = contentOf(entry);
  return {
    content,
    contentType: entry.content_type ?? defaultType(content, entry),
    size: content.kind === 'long' ? content.size : (entry.size ?? bytesOf(content).byteLength),
    etag: etagOf(entry),
  };
}

/**
 * What an entry is named by, with quotes. One of the original service, which has no name, is named by its content: it changes with
 * every change of that, and any write gives it a name.
 */
export function etagOf(entry: EntryDoc): string {
  if (entry.etag !== undefined) return `"${entry.etag}"`;
  const content = contentOf(entry);
  const bytes = content.kind === 'long' ? content.hash : bytesOf(content).toString('base64');
  return `"o-${sha256Short(`${content.kind} ${bytes}`)}"`;
}

/** `Keybin-Meta-*` of an entry, by lower-case names. */
export function metaOf({ meta }: EntryDoc): Readonly<Record<string, string>> {
  return meta === undefined ? {} : JSON.parse(meta);
}

function defaultType(content: Content | LongContent, { encoding }: EntryDoc): string {
  if (content.kind === 'text' || (content.kind === 'long' && encoding === undefined))
    return 'text/plain; charset=utf-8';
  return content.kind === 'json' || (content.kind === 'long' && encoding === 'json')
    ? 'application/json'
    : 'application/octet-stream';
}

/** What the entry holds beside when it ends, in a form that can be stored anew. */
export function heldBy(entry: EntryDoc) {
  const { content_type, content_encoding, meta, encoding, blob } = entry;
  const { content, size } = representationOf(entry);
  const more = {
    size,
    ...(content_type !== undefined && { content_type }),
    ...(content_encoding !== undefined && { content_encoding }),
    ...(meta !== undefined && { meta }),
  };
  if (content.kind === 'long')
    return { ...more, ...(blob !== undefined && { blob }), ...(encoding !== undefined && { encoding }) };
  if (content.kind === 'bytes') return { ...more, value: content.bytes, encoding: 'bytes' as const };
  return { ...more, value: content.text, ...(content.kind === 'json' && { encoding: 'json' as const }) };
}
