/** What plugins make of a value that comes as bytes. */

import { InvalidInputError, PayloadTooLargeError } from '../../../base/errors.ts';
import { parseOwnJson } from '../../../base/json/parse.ts';
import { checkV2Key } from '../../../base/names.ts';
import type { Core } from '../../context.ts';
import { askPlugins } from '../../plugins/tell.ts';
import { openLong } from '../content.ts';
import { demandMore } from '../filtered.ts';
import { storeValue } from '../values.ts';
import { type Arrived, arrive } from './arrive.ts';
import { formSaid, type Said, storedForm } from './form.ts';

/** A value as somebody wants it stored. */
export interface WantedBytes {
  readonly key: string;
  readonly bytes: Buffer;
  readonly said: Said;
  readonly expiresAt?: Date | undefined;
}

/**
 * The value that is stored instead: plugins see a text as such, JSON as what it stands for, else bytes. What they leave as it is stays the same
 * bytes. Throws as `Plugins.filter`.
 */
export async function filteredBytes(
  core: Core,
  accountId: string,
  wanted: WantedBytes,
  limit: number,
): Promise<WantedBytes> {
  const { key, bytes, said, expiresAt } = wanted;
  const now = core.clock.now();
  const ttl = expiresAt && Math.max(1, Math.ceil((expiresAt.getTime() - now) / 1000));
  const { value, encoding } = await storedForm(bytes, said);
  const shown = encoding === 'json' ? await parseOwnJson(String(value)) : value;
  const input = { key, value: shown, content_type: said.contentType, ttl };
  return askPlugins(core, 'entries.set', accountId, input, async changed => {
    checkV2Key(changed.key);
    demandMore(changed);
    const isSame = changed.value === shown;
    const isTyped = changed.content_type !== undefined && changed.content_type !== said.contentType;
    const made = isSame ? { bytes, type: said.contentType } : await bytesOf(changed.value, said, limit);
    if (made.bytes.byteLength > limit) throw new PayloadTooLargeError(limit);
    const kept = isSame && said.contentEncoding !== undefined ? { contentEncoding: said.contentEncoding } : {};
    return {
      key: changed.key,
      bytes: made.bytes,
      said: { contentType: isTyped ? (changed.content_type ?? '') : made.type, ...kept },
      expiresAt: changed.ttl === ttl ? expiresAt : changed.ttl && new Date(now + changed.ttl * 1000),
    } as WantedBytes;
  });
}

/** The bytes of a value, and the type that says so: that which was said, where it fits. */
async function bytesOf(value: unknown, said: Said, limit: number): Promise<{ bytes: Buffer; type: string }> {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value), type: said.contentType };
  if (value === undefined) throw new InvalidInputError('value: it is missing');
  const stored = await storeValue(value, limit);
  const fits = formSaid({ contentType: said.contentType }) === (stored.encoding ?? 'text');
  const own = stored.encoding === 'json' ? 'application/json' : 'text/plain; charset=utf-8';
  return { bytes: Buffer.from(stored.value), type: fits ? said.contentType : own };
}

/** A value that has arrived, and that plugins are to see. */
export interface WantedArrival {
  readonly key: string;
  readonly said: Said;
  readonly expiresAt: Date | undefined;
  readonly value: Arrived;
}

/** As `filteredBytes`, of a value that has arrived: what was changed is taken in anew. All of it is held for that. */
export async function filteredArrival(
  core: Core,
  accountId: string,
  { key, said, expiresAt, value }: WantedArrival,
  limit: number,
): Promise<WantedArrival> {
  const bytes = value.bytes ?? (await bytesIn(core, value));
  const filtered = await filteredBytes(core, accountId, { key, bytes, said, expiresAt }, limit);
  const isSame = filtered.bytes === bytes && filtered.said.contentType === said.contentType;
  const accept = async () => {};
  return {
    key: filtered.key,
    said: filtered.said,
    expiresAt: filtered.expiresAt,
    value: isSame
      ? value
      : await arrive(core, accountId, piecesOf(filtered.bytes), { said: filtered.said, limit, accept }),
  };
}

async function bytesIn(core: Core, { held: { blob = '', size } }: Arrived): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of await openLong(core, { hash: blob, size })) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
