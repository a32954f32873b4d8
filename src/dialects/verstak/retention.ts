import { auditSpec } from './collections.ts';
import type { Verstak } from './context.ts';
import { recountVaults } from './vaults.ts';

const DAY_MS = 86_400_000;

/**
 * Removes what is old from the audit log, and mends numbers that a process which died has left wrong. Answers to pushes,
 * sessions and the tokens of mails end by themselves. May run anywhere, any time, and be repeated.
 */
export async function tidy({ core, settings, audit }: Verstak): Promise<void> {
  const below = new Date(core.clock.now() - settings().audit_days * DAY_MS);
  const removed = await core.storage.collection(auditSpec).deleteMany({ index: 'time', below });
  await recountVaults(core);
  await audit.record(undefined, 'retention_cleanup', { message: `${removed} old entries of this log removed` });
}
