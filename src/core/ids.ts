import { hash, randomBytes } from 'node:crypto';
import { v4 } from 'uuid';

/** A new random UUID (version 4, lower case): account ids, tokens, etags. 122 random bits. */
export const newId: () => string = v4;

/** That many random bytes in lower-case hex: secrets that are not UUIDs. */
export function newSecret(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** SHA-256 of bytes, or of a text's UTF-8 bytes, in lower-case hex. */
export function sha256Hex(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex');
}
