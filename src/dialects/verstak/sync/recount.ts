import type { Core } from '../../../core/context.ts';
import { pagesOf } from '../../../core/pages.ts';
import { growth } from '../../../core/vaults/growth.ts';
import { vaultsSpec } from '../../../core/vaults/vaults.ts';
import { operationsSpec } from '../collections.ts';
import { headOf } from '../log.ts';

/**
 * Has every vault know of all operations in its log. Only where commits are not all or nothing can one not know: a process
 * died between storing them and counting them.
 */
export async function recountVaults(core: Core): Promise<void> {
  if (core.storage.atomicCommit) return;
  const vaults = core.storage.collection(vaultsSpec);
  const operations = core.storage.collection(operationsSpec);
  for await (const page of pagesOf(after => vaults.scan({ limit: 1000, ...after }))) {
    for (const known of page) {
      const { user_id, vault } = known;
      const head = await headOf(core, known);
      if (head === known.operations) continue;
      const last = await operations.get([user_id, vault, head]);
      const write = last && growth(known, known, head, last.received_at);
      // Undefined when a push was faster: it has counted.
      if (write && 'update' in write) await vaults.update(write.update, write.change, write.expect);
    }
  }
}
