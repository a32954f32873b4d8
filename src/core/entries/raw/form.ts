/** In which form bytes are stored: as the original API shows them (v2.md, section 2). */

import { isUtf8 } from 'node:buffer';
import { JsonCheck } from '../../../base/json/check.ts';
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

/** The value as an entry holds it: as a text only where its bytes are exactly those. */
export function storedForm(bytes: Buffer, said: Said): Pick<EntryDoc, 'value' | 'encoding'> {
  const form = formSaid(said);
  if (form === 'bytes' || !isUtf8(bytes)) return { value: new Uint8Array(bytes), encoding: 'bytes' };
  if (form === 'text') return { value: bytes.toString() };
  const check = new JsonCheck();
  if (check.look(bytes) && check.isWhole()) return { value: bytes.toString(), encoding: 'json' };
  return { value: new Uint8Array(bytes), encoding: 'bytes' };
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
