/** E-mail addresses as accounts have them. */

import { domainToASCII, domainToUnicode } from 'node:url';

/** RFC 5321, 4.5.3.1.3, without the angle brackets. */
const MAX_BYTES = 254;
/** RFC 5321, 4.5.3.1.1. */
const MAX_LOCAL_BYTES = 64;
/** What stands between dots: no white space, no control characters, nothing that begins a name, a comment or a second address. */
const ATOM = String.raw`[^\s\p{Cc}<>()[\],;:\\"@.]+`;
const LOCAL = `${ATOM}(?:\\.${ATOM})*`;
const ADDRESS = new RegExp(`^(${LOCAL})@([^@]+)$`, 'u');
/** What a domain may have before it is put into its form: nothing that a URL goes on behind, or that stands for something else. */
const DOMAIN = new RegExp(`^(?:(?![/?#%])${ATOM.slice(0, -1)}|\\.)+$`, 'u');
/** And in its form, where no label is empty. */
const DOMAIN_FORM = new RegExp(`^${LOCAL}$`, 'u');

/**
 * The bare address a text holds, in the one form in which addresses are stored and compared: trimmed, composed (NFC), in lower
 * case, the domain as mail servers know it (UTS 46, `xn--…`). Undefined when it is none, has a display name, or is longer than
 * 254 bytes. White space around it does not count, a line break in it does. The form of a form is itself.
 */
export function emailOf(text: string): string | undefined {
  const address = text.trim();
  if (Buffer.byteLength(address) > MAX_BYTES || !address.isWellFormed()) return undefined;
  const [, given = '', domain = ''] = ADDRESS.exec(folded(address)) ?? [];
  if (given === '' || Buffer.byteLength(given) > MAX_LOCAL_BYTES || !DOMAIN.test(domain)) return undefined;
  const known = domainToASCII(domain);
  const email = `${given}@${known}`;
  return DOMAIN_FORM.test(known) && Buffer.byteLength(email) <= MAX_BYTES ? email : undefined;
}

/** The address with its domain as people write it; never to be compared with. */
export function readableEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return email.slice(0, at + 1) + domainToUnicode(email.slice(at + 1));
}

/** Composed, in lower case. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}
