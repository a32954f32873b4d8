/** E-mail addresses as accounts have them. */

/** RFC 5321, 4.5.3.1.3, without the angle brackets. */
const MAX_BYTES = 254;
/** RFC 5321, 4.5.3.1.1. */
const MAX_LOCAL_BYTES = 64;
/** What stands between dots: no white space, no control characters, nothing that begins a name, a comment or a second address. */
const ATOM = String.raw`[^\s\p{Cc}<>()[\],;:\\"@.]+`;
const ADDRESS = new RegExp(`^(${ATOM}(?:\\.${ATOM})*)@(${ATOM}(?:\\.${ATOM})*)$`, 'u');

/**
 * The bare address a text holds, in lower case; undefined when it is none, has a display name, or is longer than 254 bytes.
 * White space around it does not count, a line break in it does.
 */
export function emailOf(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  if (Buffer.byteLength(address) > MAX_BYTES || !address.isWellFormed()) return undefined;
  const local = ADDRESS.exec(address)?.[1];
  return local === undefined || Buffer.byteLength(local) > MAX_LOCAL_BYTES ? undefined : address;
}
