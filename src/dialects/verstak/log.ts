/** The log of a vault: its operations under the numbers 1, 2, 3 and so on. */

import type { Core } from '../../core/context.ts';
import type { DeviceDoc } from '../../core/devices/devices.ts';
import { sha256Hex } from '../../core/ids.ts';
import { pagesOf } from '../../core/pages.ts';
import { type OperationDoc, operationsSpec } from './collections.ts';

/** What a page of operations may take, about, in characters: it is more than a single one. */
const PAGE_SIZE = 33_554_432;
/** The same of what is read at a time. */
const READ_SIZE = 4_194_304;

/** Names a vault: accounts do not share them. */
export type VaultKey = Pick<DeviceDoc, 'user_id' | 'vault'>;

/**
 * The number of the last operation in a vault's log, which is also how many there are: none is ever taken out. With `settled`
 * the last one that nothing can take back any more.
 */
export async function headOf(
  core: Core,
  { user_id, vault }: VaultKey,
  { settled = false }: { settled?: boolean } = {},
): Promise<number> {
  const range = { index: 'sequence', prefix: [user_id, vault] };
  const scan = { ...range, order: 'desc', limit: 1, covered: true, settled } as const;
  const { items } = await core.storage.collection(operationsSpec).scan(scan);
  return items[0]?.sequence ?? 0;
}

/**
 * The settled operations behind the number `since`, at most `limit`, and whether there are more. It may be fewer when they are large:
 * `payloadBytes`, the longest payload that is usual, says how many are read at first; after that it is what was read.
 */
export async function operationsAfter(
  core: Core,
  { user_id, vault }: VaultKey,
  since: number,
  { limit, payloadBytes }: { limit: number; payloadBytes: number },
): Promise<{ operations: OperationDoc[]; more: boolean }> {
  const log = core.storage.collection(operationsSpec);
  const range = { index: 'sequence', prefix: [user_id, vault], from: since + 1, settled: true };
  const portionOf = (bytes: number) => Math.min(limit + 1, Math.max(1, Math.floor(READ_SIZE / bytes)));
  let portion = portionOf(payloadBytes);
  const operations: OperationDoc[] = [];
  let size = 0;
  for await (const page of pagesOf(after => log.scan({ ...range, limit: portion, ...after }))) {
    portion = portionOf(Math.max(...page.map(sizeOf)));
    for (const operation of page) {
      size += sizeOf(operation);
      if (operations.length === limit || (operations.length > 0 && size > PAGE_SIZE)) return { operations, more: true };
      operations.push(operation);
    }
  }
  return { operations, more: false };
}

/** What tells operations on one entity from those on others: type and id may be any text. */
export function entityOf({ entity_type, entity_id }: Pick<OperationDoc, 'entity_type' | 'entity_id'>): string {
  return sha256Hex(JSON.stringify([entity_type, entity_id]));
}

function sizeOf({ payload_json, entity_id }: OperationDoc): number {
  return payload_json.length + entity_id.length + 500;
}
