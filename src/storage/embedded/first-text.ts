/** Documents that begin with a text, which can be read without the rest: as MessagePack has them, a map with that field first. */

import type { Doc } from '../change.ts';

/** Of MessagePack: a map and a text of few, a map of more, texts with 1, 2 and 4 bytes for their length. */
const FEW_MEMBERS = 0x80;
const MAP = 0xde;
const SHORT_TEXT = 0xa0;
const TEXT = [0xd9, 0xda, 0xdb];

/** The document with this field as its first one. */
export function beginningWith(field: string, doc: Doc): Doc {
  for (const first in doc) {
    if (first === field) return doc;
    break;
  }
  return { [field]: doc[field], ...doc };
}

/** The text a document begins with, in the field of that name. Throws when it does not. */
export function firstText(bytes: Buffer, field: string): string {
  const map = bytes[0] as number;
  let at = map === MAP ? 3 : 1;
  const isMap = map === MAP || (map & 0xf0) === FEW_MEMBERS;
  const named =
    bytes[at] === SHORT_TEXT + field.length && bytes.toString('latin1', at + 1, at + 1 + field.length) === field;
  at += 1 + field.length;
  const tag = bytes[at++] as number;
  const size = TEXT.indexOf(tag);
  let length = size < 0 ? tag - SHORT_TEXT : 0;
  for (let left = size < 0 ? 0 : 1 << size; left > 0; left--) length = length * 256 + (bytes[at++] as number);
  const isText = size >= 0 || (length >= 0 && length < 0x20);
  if (!isMap || !named || !isText || at + length > bytes.length)
    throw new Error('a document does not begin with its text');
  return bytes.toString('utf8', at, at + length);
}
