/** What plugins keep: each has its own keys, which no account sees. */

import { InvalidInputError } from '../../base/errors.ts';
import type { CollectionSpec } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';

/** A value of a plugin. */
export interface PluginEntryDoc {
  plugin: string;
  key: string;
  /** JSON text. */
  value: string;
  updated_at: Date;
}

export const pluginEntriesSpec: CollectionSpec<PluginEntryDoc> = { name: 'plugin_store', key: ['plugin', 'key'] };

const KEY_BYTES = 512;
const PAGE = 1_000;

/** A plugin's own keys. Values are whatever JSON can be. Keys have 1 to 512 bytes without U+0000. */
export interface PluginStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /** Whether there was one. */
  delete(key: string): Promise<boolean>;
  /** The keys that begin so, in byte order. */
  list(prefix?: string): Promise<string[]>;
}

/** The store of a plugin. It waits until the storage is ready. */
export function pluginStore(core: Pick<Core, 'storage' | 'clock' | 'settings'>, plugin: string): PluginStore {
  const entries = async () => {
    await core.storage.ready;
    return core.storage.collection(pluginEntriesSpec);
  };
  return {
    async get(key) {
      const entry = await (await entries()).get([plugin, checked(key)]);
      return entry && JSON.parse(entry.value);
    },
    async set(key, value) {
      const text = JSON.stringify(value);
      if (text === undefined)
        throw new InvalidInputError('value: expected what JSON can be', { code: 'value_invalid' });
      if (Buffer.byteLength(text) > core.settings.valueBytes) {
        throw new InvalidInputError(`value: longer than ${core.settings.valueBytes} bytes`, { code: 'value_invalid' });
      }
      await (await entries()).put({ plugin, key: checked(key), value: text, updated_at: new Date(core.clock.now()) });
    },
    delete: async key => (await entries()).delete([plugin, checked(key)]),
    async list(prefix = '') {
      const collection = await entries();
      const keys: string[] = [];
      const from = prefix === '' ? {} : { from: checked(prefix) };
      for await (const page of pagesOf(after =>
        collection.scan({ prefix: [plugin], ...from, limit: PAGE, ...after }),
      )) {
        for (const { key } of page) {
          if (!key.startsWith(prefix)) return keys;
          keys.push(key);
        }
      }
      return keys;
    },
  };
}

/** Removes all that a plugin keeps; returns how many values that were. */
export async function purgePlugin(core: Pick<Core, 'storage'>, plugin: string): Promise<number> {
  return core.storage.collection(pluginEntriesSpec).deleteMany({ prefix: [plugin] });
}

function checked(key: string): string {
  const fits = typeof key === 'string' && key !== '' && Buffer.byteLength(key) <= KEY_BYTES;
  if (fits && !key.includes('\0') && key.isWellFormed()) return key;
  throw new InvalidInputError(`key: expected 1 to ${KEY_BYTES} bytes without U+0000`, { code: 'key_invalid' });
}
