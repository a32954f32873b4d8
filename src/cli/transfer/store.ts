/** Values of an export into an account. */

import type { BatchOp, Keybin } from '../../client/index.ts';
import type { Exported } from './format.ts';

/** What became of values. */
export interface Counts {
  readonly read: number;
  readonly stored: number;
  /** There was one of this key already, which stays. */
  readonly kept: number;
  readonly expired: number;
}

/** None yet. */
export const NOTHING: Counts = { read: 0, stored: 0, kept: 0, expired: 0 };

/** Stores a group of values. */
export type Store = (values: readonly Exported[]) => Promise<Counts>;

/** How values are stored. */
export interface StoreOptions {
  /** Also where there is one. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

/** Requests at once, where each value is one. */
const AT_ONCE = 8;

/** Characters of a value that goes into a batch at most. */
const LONG = 1_000_000;

/** Stores groups in a batch each, where the engine has transactions; what cannot go so, one by one. */
export async function storeIn(client: Keybin, { overwrite, signal }: StoreOptions): Promise<Store> {
  const { atomicBatch } = await client.limits({ signal });

  async function one(item: Exported): Promise<boolean> {
    const { key, content_type, content_encoding, meta = {}, expires_at } = item;
    const named = Object.entries(meta).map(([name, text]) => [`Keybin-Meta-${name}`, text]);
    const headers = {
      ...Object.fromEntries(named),
      'Content-Type': content_type,
      'Content-Encoding': content_encoding,
      'If-None-Match': overwrite ? undefined : '*',
    };
    const query = { expires_at: expires_at ?? undefined };
    try {
      await client.request('PUT', `/v2/kv/${key}`, { headers, query, body: bytesOf(item), once: true, signal });
      return true;
    } catch (error) {
      if ((error as { status?: number }).status === 412) return false;
      throw error;
    }
  }

  async function oneByOne(items: readonly Exported[]): Promise<number> {
    let stored = 0;
    const queue = items.values();
    const work = async () => {
      for (const item of queue) if (await one(item)) stored++;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return stored;
  }

  async function together(items: readonly Exported[]): Promise<number> {
    if (items.length === 0) return 0;
    try {
      await client.batch(
        items.map(item => opOf(item, overwrite)),
        { signal },
      );
      return items.length;
    } catch (error) {
      // One of them is there already, or stands twice in the file.
      const { code = '' } = error as { code?: string };
      if (code !== 'batch_failed' && code !== 'key_repeated') throw error;
      return oneByOne(items);
    }
  }

  return async values => {
    const live = values.filter(isLive);
    const goesTogether = (item: Exported) => atomicBatch && item.content_encoding === undefined && sizeOf(item) <= LONG;
    const stored =
      (await together(live.filter(goesTogether))) + (await oneByOne(live.filter(item => !goesTogether(item))));
    return { read: values.length, stored, kept: live.length - stored, expired: values.length - live.length };
  };
}

/** Stores nothing, and tells what would become of them. */
export async function dryStore(client: Keybin, { overwrite, signal }: StoreOptions): Promise<Store> {
  const there = new Set<string>();
  if (!overwrite) for await (const { key } of client.entries({ signal })) there.add(key);
  return async values => {
    const live = values.filter(isLive);
    const kept = live.filter(({ key }) => there.has(key)).length;
    return { read: values.length, stored: live.length - kept, kept, expired: values.length - live.length };
  };
}

const isLive = ({ expires_at }: Exported) => typeof expires_at !== 'string' || Date.parse(expires_at) > Date.now();

const sizeOf = ({ value, value_base64 }: Exported) => (value ?? value_base64 ?? '').length;

function bytesOf({ value, value_base64 = '' }: Exported): Uint8Array {
  return value === undefined ? Buffer.from(value_base64, 'base64') : Buffer.from(value);
}

function opOf(item: Exported, overwrite: boolean): BatchOp {
  const { key, content_type: contentType, expires_at, meta, value } = item;
  // A batch knows no moments.
  const left = typeof expires_at === 'string' ? Math.ceil((Date.parse(expires_at) - Date.now()) / 1000) : undefined;
  return {
    op: 'put',
    key,
    value: value ?? bytesOf(item),
    ...(contentType !== undefined && { contentType }),
    ...(left !== undefined && { ttl: Math.max(1, left) }),
    ...(meta !== undefined && { meta }),
    ...(!overwrite && { ifAbsent: true }),
  };
}
