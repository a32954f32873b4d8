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

/** SHA-256 of a text's UTF-8 bytes in base64url: for indexes, where each byte counts. */
export function sha256Short(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Most hashes of secrets that are remembered. */
const MOST_HASHES = 10_000;

const hashes = new Map<string, string>();

/** As `sha256Hex`, for secrets that come again and again: the same text always has the same hash. */
export function hashOfSecret(secret: string): string {
  const known = hashes.get(secret);
  if (known !== undefined) return known;
  const found = sha256Hex(secret);
  if (hashes.size >= MOST_HASHES) hashes.clear();
  hashes.set(secret, found);
  return found;
}
