/** Base64 of what needs not be ASCII. */

/** Characters that are made of bytes at once: more are too many arguments. */
const PIECE = 8192;

/** The base64 of bytes, or of a text in UTF-8. */
export function base64(given: string | Uint8Array): string {
  const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given;
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/** The bytes that a base64 stands for. */
export function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}
