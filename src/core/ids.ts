import { hash } from 'node:crypto';
import { v4 } from 'uuid';

/** A new random UUID (version 4, lower case): account ids, tokens, etags. 122 random bits. */
export const newId: () => string = v4;

/** SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hex. */
export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex');
}
