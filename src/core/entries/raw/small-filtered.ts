/** Counting and touching where plugins see what is stored: decided on what is there, shown to them, and stored if it is still there. */

import { StorageUnavailableError } from '../../../base/errors.ts';
import type { EntryDoc } from '../../collections.ts';
import type { Core } from '../../context.ts';
import { changeEntry } from '../change/change.ts';
import type { Content, Moment } from '../change/steps.ts';
import { bytesOf, openLong } from '../content.ts';
import { findEntry, keyNotFound } from '../entries.ts';
import { filteredEntry } from '../filtered.ts';
import { arrive } from './arrive.ts';
import { demandConditions } from './conditions.ts';
import { type Count, counted } from './counter.ts';
import { filteredBytes } from './filtered.ts';
import { etagOf, heldBy, representationOf } from './representation.ts';
import type { SmallChange, Touched } from './small-change.ts';
import type { Outcome } from './steps.ts';

/** How often plugins are asked again while others change the same. */
const RACES = 20;

/** Others were faster. */
class Raced extends Error {}

/** As `countEntry`. */
export function countFiltered(
  core: Core,
  accountId: string,
  change: SmallChange<Required<Outcome>>,
  count: Count,
): Promise<Required<Outcome>> {
  return decided(core, accountId, change, async before => {
    const now = new Date(core.clock.now());
    const { content, sum } = counted(before, count, { now });
    const { content_type, meta, expires_at } = content;
    const ttl = expires_at && Math.max(1, Math.ceil((expires_at.getTime() - now.getTime()) / 1000));
    const wanted = { key: change.key, value: sum, content_type, ttl };
    const { key, stored, more } = await filteredEntry(core, accountId, wanted);
    const isSame = stored.value === String(sum);
    const kept = isSame ? { value: content.value, ...(content.encoding && { encoding: content.encoding }) } : stored;
    const next: Content = { ...kept, size: stored.size, ...more, ...(meta !== undefined && { meta }) };
    const result = Number(stored.value);
    return { key, content: next, more: { sum: Number.isSafeInteger(result) ? result : sum } };
  });
}

/** As `touchEntry`. */
export function touchFiltered(
  core: Core,
  accountId: string,
  change: SmallChange<Touched>,
  ttl: number | null,
): Promise<Touched> {
  return decided(core, accountId, change, async before => {
    if (before === undefined) throw keyNotFound();
    const { content, contentType } = representationOf(before);
    const bytes = content.kind === 'long' ? await whole(core, content) : bytesOf(content);
    const said = { contentType, contentEncoding: before.content_encoding };
    const expiresAt = ttl === null ? undefined : new Date(core.clock.now() + ttl * 1000);
    const limit = Math.max(core.settings.valueBytes, bytes.byteLength);
    const filtered = await filteredBytes(core, accountId, { key: change.key, bytes, said, expiresAt }, limit);
    const isSame = filtered.bytes === bytes && filtered.said.contentType === contentType;
    const held = isSame ? heldBy(before) : await arrivedAnew(core, accountId, filtered.bytes, filtered.said, limit);
    const ends = filtered.expiresAt && { expires_at: filtered.expiresAt };
    return { key: filtered.key, content: { ...held, ...ends }, more: {} };
  });
}

interface Wanted<M> {
  readonly key: string;
  readonly content: Content;
  readonly more: M;
}

/** Has it decided on the entry until that is still the same when it is stored. One after another in this process. */
function decided<M extends object>(
  core: Core,
  accountId: string,
  { key, conditions, also }: SmallChange<Touched & M>,
  decide: (before: EntryDoc | undefined) => Promise<Wanted<M>>,
): Promise<Touched & M> {
  return core.turns.take(`filtered ${accountId} ${key}`, async () => {
    for (let race = 0; race < RACES; race++) {
      const seen = await findEntry(core, accountId, key);
      demandConditions(conditions, seen);
      const wanted = await decide(seen);
      const step = {
        key: wanted.key,
        decide(before: EntryDoc | undefined, { now, etag }: Moment) {
          // A plugin may have it stored elsewhere, where nothing was seen.
          if (wanted.key === key && (before && etagOf(before)) !== (seen && etagOf(seen))) throw new Raced();
          const created_at = before?.created_at ?? now;
          const entry = { user_id: accountId, key: wanted.key, ...wanted.content, etag, created_at, updated_at: now };
          return { fate: { content: wanted.content }, result: { status: 200 as const, entry, ...wanted.more } };
        },
      };
      try {
        return await changeEntry(core, accountId, { ...step, also });
      } catch (error) {
        if (!(error instanceof Raced)) throw error;
      }
    }
    throw new StorageUnavailableError('others keep changing the same');
  });
}

async function arrivedAnew(
  core: Core,
  accountId: string,
  bytes: Buffer,
  said: { readonly contentType: string; readonly contentEncoding?: string | undefined },
  limit: number,
): Promise<Content> {
  async function* pieces(): AsyncGenerator<Buffer> {
    yield bytes;
  }
  const { held } = await arrive(core, accountId, pieces(), { said, limit, accept: async () => {} });
  const coding = said.contentEncoding === undefined ? {} : { content_encoding: said.contentEncoding };
  return { ...held, content_type: said.contentType, ...coding };
}

async function whole(core: Core, long: { readonly hash: string; readonly size: number }): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of await openLong(core, long)) pieces.push(piece);
  return Buffer.concat(pieces);
}
