/** What plugins make of entries before they are stored or deleted. */

import { InvalidInputError, PayloadTooLargeError } from '../../base/errors.ts';
import { checkV2Key } from '../../base/names.ts';
import type { EntryDoc } from '../collections.ts';
import type { Core } from '../context.ts';
import { askPlugins } from '../plugins/tell.ts';
import { storeValue } from './values.ts';

/** A value as somebody wants it stored. */
export interface WantedEntry {
  readonly key: string;
  readonly value: unknown;
  readonly content_type?: string | undefined;
  /** Seconds. */
  readonly ttl?: number | undefined;
}

/** An entry that was found to be in order. */
export interface StorableEntry {
  readonly key: string;
  readonly stored: Pick<EntryDoc, 'value' | 'encoding'> & { readonly size: number };
  readonly more?: Pick<EntryDoc, 'content_type' | 'expires_at'>;
}

/** A value, bytes among them, made storable. Throws as `storeValue`. */
export async function storable(core: Core, value: unknown): Promise<StorableEntry['stored']> {
  const limit = core.settings.valueBytes;
  if (!(value instanceof Uint8Array)) return storeValue(value, limit);
  if (value.byteLength > limit) throw new PayloadTooLargeError(limit);
  return { value, encoding: 'bytes', size: value.byteLength };
}

/** Ten years in seconds: what lives longer need not expire. */
export const LONGEST_TTL = 315_576_000;

/** Throws `InvalidInputError` for a ttl (seconds) or a content type that cannot be. */
export function demandMore({ ttl, content_type }: Pick<WantedEntry, 'ttl' | 'content_type'>): void {
  if (ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= LONGEST_TTL)) {
    throw new InvalidInputError(`ttl: expected whole seconds from 1 to ${LONGEST_TTL}`);
  }
  if (
    content_type !== undefined &&
    (typeof content_type !== 'string' || !/^[\x21-\x7e][\x20-\x7e]{0,254}$/.test(content_type))
  ) {
    throw new InvalidInputError('content_type: expected 1 to 255 printable ASCII characters');
  }
}

/** The entry that is stored instead. Throws as `Plugins.filter`. */
export function filteredEntry(core: Core, accountId: string, wanted: WantedEntry): Promise<StorableEntry> {
  return askPlugins(core, 'entries.set', accountId, wanted, async ({ key, value, content_type, ttl }) => {
    checkV2Key(key);
    demandMore({ ttl, content_type });
    return {
      key,
      stored: await storable(core, value),
      more: {
        ...(content_type !== undefined && { content_type }),
        ...(ttl !== undefined && { expires_at: new Date(core.clock.now() + ttl * 1000) }),
      },
    };
  });
}

/** The key that is deleted instead. Throws as `Plugins.filter`. */
export function filteredKey(core: Core, accountId: string, key: string): Promise<string> {
  return askPlugins(core, 'entries.delete', accountId, { key }, changed => {
    checkV2Key(changed.key);
    return changed.key;
  });
}
