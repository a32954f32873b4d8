/** Values as people look at them: no more of one than a page should have. */

import { bytesOf, type Content, type LongContent } from '../../../core/entries/content.ts';
import { prettyJson } from './pretty.ts';

/** Bytes of HTML that a value takes on a page. */
const MOST = 40_000;
const HEX_ROWS = 256;

/** What a page shows of a value. `more`: that is not all of it. */
export interface Preview {
  readonly kind: 'text' | 'json' | 'image' | 'bytes';
  readonly text: string;
  readonly more: boolean;
}

/** The kinds of pictures that browsers show, and that hold no scripts, by how they begin, in hex. */
const IMAGES: readonly (readonly [type: string, start: string])[] = [
  ['image/png', '89504e470d0a1a0a'],
  ['image/jpeg', 'ffd8ff'],
  ['image/gif', '474946383761'],
  ['image/gif', '474946383961'],
  ['image/webp', '52494646........57454250'],
];

/** The type of a picture that may be shown, by what is in it; what somebody says of it does not count. */
export function imageType(content: Content | LongContent): string | undefined {
  if (content.kind !== 'bytes') return undefined;
  const hex = bytesOf(content).toString('hex', 0, 16);
  return IMAGES.find(([, start]) => new RegExp(`^${start}`).test(hex))?.[0];
}

/** What to show of a value; `most` is in bytes of HTML. */
export function previewOf(content: Content | LongContent, most = MOST): Preview {
  if (content.kind === 'long') return { kind: 'bytes', text: '', more: true };
  if (content.kind === 'bytes') {
    const rows = Math.floor(Math.min(HEX_ROWS, most / 80));
    const shown = bytesOf(content).subarray(0, rows * 16);
    const more = content.bytes.byteLength > shown.byteLength;
    return { kind: imageType(content) ? 'image' : 'bytes', text: hexOf(shown), more };
  }
  const text = content.kind === 'json' ? prettyJson(content.text, most) : content.text;
  const end = endWithin(text, most);
  return { kind: content.kind, text: text.slice(0, end), more: end < text.length };
}

/** `00000010  68 65 6c 6c 6f  |hello|`, sixteen bytes a row. */
function hexOf(bytes: Buffer): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = [...row].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.toString('latin1').replace(/[^ -~]/g, '.');
    rows.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  |${text}|`);
  }
  return rows.join('\n');
}

const ESCAPED: Readonly<Record<string, number>> = { '&': 5, '<': 4, '>': 4, '"': 6, "'": 5 };

/** Up to where a text takes no more than so many bytes once it is escaped. */
function endWithin(text: string, most: number): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes += unit < 0x80 ? (ESCAPED[text.charAt(at)] ?? 1) : 3;
    if (bytes > most) return isHalf(text, at) ? at - 1 : at;
  }
  return text.length;
}

/** Whether the first half of a pair stands before this place, and the second one at it. */
function isHalf(text: string, at: number): boolean {
  return at > 0 && /[\ud800-\udbff]/.test(text.charAt(at - 1)) && /[\udc00-\udfff]/.test(text.charAt(at));
}
