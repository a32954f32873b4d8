/** In which form bytes are stored: as the original API shows them (v2.md, section 2). */

import { isUtf8 } from 'node:buffer';
import { JsonCheck } from '../../../base/json/check.ts';
import { inSlices } from '../../../base/slices.ts';
import type { EntryDoc } from '../../collections.ts';

/** What the bytes are: a text, JSON text, or neither. */
export type Form = 'text' | 'json' | 'bytes';

/** What is said of bytes. */
export interface Said {
  readonly contentType: string;
  readonly contentEncoding?: string | undefined;
}

/** What the bytes may be, by what is said of them. */
export function formSaid({ contentType, contentEncoding }: Said): Form {
  if (contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity') return 'bytes';
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === 'application/json') return 'json';
  return type.startsWith('text/') ? 'text' : 'bytes';
}

/** Bytes that are looked at in one go. */
const AT_ONCE = 65_536;

/** The value as an entry holds it: as a text only where its bytes are exactly those. What takes long is done in slices. */
export async function storedForm(bytes: Buffer, said: Said): Promise<Pick<EntryDoc, 'value' | 'encoding'>> {
  const form = formSaid(said);
  if (form === 'bytes' || !isUtf8(bytes)) return heldAs(bytes, 'bytes');
  return heldAs(bytes, form === 'text' || (await isJson(bytes)) ? form : 'bytes');
}

/** The value as an entry holds it where its form is known. */
export function heldAs(bytes: Buffer, form: Form): Pick<EntryDoc, 'value' | 'encoding'> {
  return { value: form === 'bytes' ? new Uint8Array(bytes) : bytes.toString(), ...encodingOf(form) };
}

async function isJson(bytes: Buffer): Promise<boolean> {
  const check = new JsonCheck();
  const slices = inSlices();
  for (let at = 0; at < bytes.byteLength; at += AT_ONCE) {
    if (!check.look(bytes.subarray(at, at + AT_ONCE))) return false;
    if (slices.over()) await slices.pause();
  }
  return check.isWhole();
}

/** Finds out the form of bytes that come in pieces. */
export class FormCheck {
  #form: Form;
  readonly #json = new JsonCheck();
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(said: Said) {
    this.#form = formSaid(said);
  }

  look(piece: Uint8Array): void {
    if (this.#form === 'bytes') return;
    const fits = this.#decodes(piece) && (this.#form === 'text' || this.#json.look(piece));
    if (!fits) this.#form = 'bytes';
  }

  /** What all of them are. */
  end(): Form {
    if (this.#form !== 'bytes' && !this.#decodes()) return 'bytes';
    return this.#form === 'json' && !this.#json.isWhole() ? 'bytes' : this.#form;
  }

  #decodes(piece?: Uint8Array): boolean {
    try {
      this.#utf8.decode(piece, { stream: piece !== undefined });
      return true;
    } catch {
      return false;
    }
  }
}

/** What an entry says of a value in this form. */
export function encodingOf(form: Form): Pick<EntryDoc, 'encoding'> {
  return form === 'text' ? {} : { encoding: form };
}
