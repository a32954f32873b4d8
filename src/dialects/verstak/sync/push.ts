/** Storing the operations of a push: all or none, under the next numbers of the vault's log. */

import { setTimeout as pause } from 'node:timers/promises';
import { ConflictError, StorageUnavailableError } from '../../../base/errors.ts';
import type { Core } from '../../../core/context.ts';
import type { DeviceDoc } from '../../../core/devices/devices.ts';
import { newId, sha256Hex, sha256Short } from '../../../core/ids.ts';
import { tellPlugins } from '../../../core/plugins/tell.ts';
import { withRoom } from '../../../core/quotas/quotas.ts';
import { growth, soleFrom } from '../../../core/vaults/growth.ts';
import { vaultsSpec } from '../../../core/vaults/vaults.ts';
import type { Write } from '../../../storage/port.ts';
import { type OperationDoc, operationsSpec, pushesSpec } from '../collections.ts';
import { entityOf, headOf } from '../log.ts';
import { type Compared, conflictsOf } from './conflicts.ts';
import type { SentOperation } from './operations.ts';
import { textOf } from './texts.ts';

/** How often a push is tried while others push to the same vault. */
const ATTEMPTS = 20;
/** Milliseconds. */
const LONGEST_PAUSE = 200;
/** Milliseconds an answer is kept for those who repeat its push. */
const KEPT_MS = 24 * 3_600_000;

/** A push that was found to be in order. */
export interface Push {
  /** Empty: the client did not name it. */
  readonly idempotencyKey: string;
  readonly operations: readonly SentOperation[];
}

/** A push on its way into the log. */
interface Job {
  readonly device: DeviceDoc;
  readonly keyHash: string | undefined;
  /** Stored with each operation, see `OperationDoc`. */
  readonly batch: string;
  readonly operations: readonly (Compared & { readonly hash: string })[];
}

/**
 * Stores those of the operations that the vault's log does not have yet, and returns the JSON text of the answer. A push that
 * was answered before is answered with the same text. Throws `QuotaExceededError`; `StorageUnavailableError`, also when others
 * push all the while.
 *
 * Numbers come from the log itself, whose index lets each be taken once: whoever finds his taken tries again behind it. So an
 * operation never appears below one that somebody has read. There are no tombstones beside the log: it has every deletion.
 *
 * The account is not part of the commit, which would make pushes to all its vaults wait for each other. What is stored while
 * it is being erased goes with the next sweep.
 */
export async function storePush(core: Core, device: DeviceDoc, push: Push): Promise<string> {
  const job = jobOf(device, push);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // Two pushes that meet again and again would never end.
    if (attempt > 0) await pause(Math.random() * Math.min(10 * 2 ** attempt, LONGEST_PAUSE));
    try {
      return await attemptOf(core, job);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new StorageUnavailableError('others keep pushing to this vault');
}

function jobOf(device: DeviceDoc, { idempotencyKey, operations }: Push): Job {
  const named = idempotencyKey !== '';
  return {
    device,
    keyHash: named ? sha256Hex(idempotencyKey) : undefined,
    batch: named ? sha256Hex(JSON.stringify([device.device_id, idempotencyKey])) : newId(),
    operations: operations.map(sent => ({ sent, hash: sha256Short(sent.op_id), entity: entityOf(sent) })),
  };
}

/** Throws `ConflictError` when others were faster, or else as `storePush`. */
async function attemptOf(core: Core, job: Job): Promise<string> {
  const { device, keyHash, operations } = job;
  const place = [device.user_id, device.vault];
  const [answered, stored, head] = await Promise.all([
    keyHash === undefined ? undefined : core.storage.collection(pushesSpec).get([...place, keyHash]),
    core.storage.collection(operationsSpec).getMany(
      operations.map(({ hash }) => [...place, hash]),
      'ids',
    ),
    headOf(core, device),
  ]);
  if (answered) return answered.answer;

  const now = new Date(core.clock.now());
  const { accepted, duplicates, added, compared, bytes } = sort(job, stored, head, now);
  // The vault is read after its head: if it knows more than that by then, the numbers are taken too.
  const vault = await core.storage.collection(vaultsSpec).get(place);
  const below = soleFrom(vault, head, device.device_id) ?? head + 1;
  const { conflicts, truncated } = await conflictsOf(core, device, compared, below);
  const answer = JSON.stringify({
    accepted,
    count: accepted.length,
    conflicts,
    ...(truncated && { conflicts_truncated: true }),
    duplicates,
  });
  // In this order, what is left of a commit that broke off half way (without transactions) is what a repetition completes.
  const writes: Write[] = added.map(operation => ({ in: operationsSpec, insert: operation }));
  const room = { bytes, keys: added.length };
  const addition = { operations: added.length, bytes, writer: device.device_id };
  const grown = accepted.length > 0 && growth(device, vault, head + added.length, now, addition);
  if (grown) writes.push(grown);
  if (keyHash !== undefined) {
    const expires_at = new Date(now.getTime() + KEPT_MS);
    const { user_id, vault: name } = device;
    const size = Buffer.byteLength(answer);
    writes.push({ in: pushesSpec, insert: { user_id, vault: name, key_hash: keyHash, answer, size, expires_at } });
    room.bytes += size;
    room.keys++;
  }
  if (writes.length > 0) await withRoom(core, device.user_id, room, () => core.storage.commit(writes));
  if (accepted.length > 0 && core.plugins.acts('verstak.pushed')) {
    tellPlugins(core, 'verstak.pushed', device.user_id, { vault: device.vault, ids: accepted });
  }
  return answer;
}

/** Of the texts that clients choose. */
function bytesOf({ op_id, op_type, entity_type, entity_id, payload_json, created_at }: SentOperation): number {
  const texts = [op_id, op_type, entity_type, entity_id, payload_json, created_at];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** Ids as they were sent, and the documents to add behind the head. */
interface Sorted {
  readonly accepted: string[];
  readonly duplicates: string[];
  readonly added: OperationDoc[];
  readonly compared: Compared[];
  /** Of the texts of what is added. */
  bytes: number;
}

/** Of several operations with one id the first counts. Those that this very push has stored before are accepted, once more. */
function sort(
  { device, batch, operations }: Job,
  stored: readonly (OperationDoc | undefined)[],
  head: number,
  now: Date,
): Sorted {
  const sorted: Sorted = { accepted: [], duplicates: [], added: [], compared: [], bytes: 0 };
  const met = new Set<string>();
  for (const [i, { sent, hash, entity }] of operations.entries()) {
    const found = stored[i];
    // The same key and ids a day later are another push.
    const own = found?.batch === batch && now.getTime() - found.received_at.getTime() < KEPT_MS;
    const counts = !met.has(hash) && (found === undefined || own);
    met.add(hash);
    (counts ? sorted.accepted : sorted.duplicates).push(sent.op_id);
    sorted.compared.push({ sent, entity, sequence: own ? found.sequence : undefined });
    if (!counts || found !== undefined) continue;
    const sequence = head + sorted.added.length + 1;
    sorted.bytes += bytesOf(sent);
    // Written out: to spread three objects into each of a hundred takes longer than all the rest of this.
    sorted.added.push({
      json: textOf(sent, device.device_id, sequence),
      user_id: device.user_id,
      vault: device.vault,
      sequence,
      op_hash: hash,
      entity,
      batch,
      device_id: device.device_id,
      op_id: sent.op_id,
      op_type: sent.op_type,
      client_sequence: sent.client_sequence,
      last_seen_server_seq: sent.last_seen_server_seq,
      received_at: now,
    });
  }
  return sorted;
}
