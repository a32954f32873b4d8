/** Secrets that have to be read again, encrypted before they are stored: in the storage and its copies they are of no use alone. */

import { hkdfSync } from 'node:crypto';
import { decrypted, encrypted } from '../cipher.ts';
import type { Core } from '../context.ts';

/** First part of a sealed text: names cipher and key, so that others can follow. */
const VERSION = 'v1';

/**
 * The text encrypted (AES-256-GCM) under a key that belongs to the data: `v1.<base64url>`, another one each time. The
 * embedded engine keeps that key outside of the database, MongoDB inside: there it keeps the text from those who see the
 * collection only. Throws `StorageUnavailableError`.
 */
export async function seal(core: Core, text: string): Promise<string> {
  return `${VERSION}.${encrypted(await keyOf(core), text)}`;
}

/**
 * The text that was sealed; undefined, with a line in the log, when it cannot be read: it was changed, or the data came here
 * without its key. Throws `StorageUnavailableError`.
 */
export async function unseal(core: Core, sealed: string): Promise<string | undefined> {
  const key = await keyOf(core);
  try {
    return open(key, sealed);
  } catch (error) {
    core.log.warn({ err: error }, 'a stored secret cannot be read and counts as none; give it again');
    return undefined;
  }
}

function open(key: Uint8Array, sealed: string): string {
  const [version, body = '', ...more] = sealed.split('.');
  if (version !== VERSION || more.length > 0) throw new Error('it is not in the form this program writes');
  return decrypted(key, body);
}

async function keyOf(core: Core): Promise<Uint8Array> {
  const { value } = await core.storage.secret('settings');
  return new Uint8Array(hkdfSync('sha256', value, '', `keybin settings ${VERSION}`, 32));
}
