/** The log of a vault: its operations under the numbers 1, 2, 3 and so on. */

import type { Core } from '../../core/context.ts';
import { sha256Short } from '../../core/ids.ts';
import type { VaultKey } from '../../core/vaults/vaults.ts';
import { operationsSpec } from './collections.ts';

/**
 * The number of the last operation in a vault's log, which is also how many there are: none is ever taken out. With `settled`
 * the last one that nothing can take back any more.
 */
export async function headOf(
  core: Core,
  { user_id, vault }: VaultKey,
  { settled = false }: { settled?: boolean } = {},
): Promise<number> {
  const scan = { prefix: [user_id, vault], order: 'desc', limit: 1, covered: true, settled } as const;
  const { items } = await core.storage.collection(operationsSpec).scan(scan);
  return items[0]?.sequence ?? 0;
}

/** What tells operations on one entity from those on others: type and id may be any text. */
export function entityOf({ entity_type, entity_id }: { entity_type: string; entity_id: string }): string {
  return sha256Short(JSON.stringify([entity_type, entity_id]));
}
