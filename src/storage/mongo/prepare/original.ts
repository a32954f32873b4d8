import type { Document, IndexDescriptionInfo } from 'mongodb';
import type { Log } from '../../../base/log.ts';
import { hasCode } from '../errors.ts';
import type { Table } from '../table.ts';

// What the original service, whose database opens as it is, leaves among the tokens. All else of it stays as it is.

/** Codes of a server that has no such index any more: another process was faster. */
const INDEX_GONE = [26, 27];

/** Filter of the original's tokens, which lie there in plain; undefined in other collections. */
export function leftovers(table: Table): Document | undefined {
  return table.spec.name === 'tokens' ? { token: { $exists: true }, hash: { $exists: false } } : undefined;
}

/** Removes the original's tokens, and its TTL index on `created_at`, which would end ours too early. */
export async function removeLeftovers(
  table: Table,
  existing: readonly IndexDescriptionInfo[],
  log: Log,
): Promise<void> {
  const filter = leftovers(table);
  if (filter === undefined) return;
  const collection = table.rows.collectionName;
  for (const { name, key, expireAfterSeconds } of existing) {
    if (name === undefined || expireAfterSeconds === undefined || Object.keys(key).join() !== 'created_at') continue;
    await table.rows.dropIndex(name).catch(error => {
      if (!hasCode(error, ...INDEX_GONE)) throw error;
    });
    log.info({ collection, index: name }, 'removed the original TTL index');
  }
  const { deletedCount } = await table.rows.deleteMany(filter);
  if (deletedCount > 0) log.info({ collection, tokens: deletedCount }, 'removed the original tokens, stored in plain');
}
