import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../../core/context.ts';
import type { DeviceDoc } from '../../../core/devices/devices.ts';
import { pagesOf } from '../../../core/pages.ts';
import { type OperationDoc, operationsSpec } from '../collections.ts';
import type { SentOperation } from './operations.ts';

/** A stored operation that the sender of `local_op_id` had not seen; the other fields are of the stored one. */
export interface Conflict {
  readonly op_id: string;
  readonly device_id: string;
  readonly op_type: string;
  readonly server_sequence: number;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly local_op_id: string;
}

/** An operation that is compared with the log. */
export interface Compared {
  readonly sent: SentOperation;
  readonly entity: string;
  /** Its own number, if it was stored already by an attempt before: what came behind it does not count. */
  readonly sequence?: number | undefined;
}

/** What an index entry of the log tells. */
type Stored = Pick<OperationDoc, 'sequence' | 'op_id' | 'device_id' | 'op_type'>;

/** Most conflicts of one answer, and most bytes they take in it. */
const MOST = { items: 10_000, bytes: 4_194_304 };
/** Entries of the log that are looked at for one push, about: most may be the device's own. */
const MOST_READ = 50_000;
const PAGE = 1000;
/** Entities that are looked up at a time. */
const AT_ONCE = 10;

/**
 * What other devices did to the same entities since the sender last looked, deletions aside: notices, they stop nothing.
 * `truncated` when there is more than one answer holds. From the number `below` on the log has nothing of other devices.
 */
export async function conflictsOf(
  core: Core,
  device: DeviceDoc,
  operations: readonly Compared[],
  below: number,
): Promise<{ conflicts: Conflict[]; truncated: boolean }> {
  const compared = operations.filter(({ sent: { last_seen_server_seq: since } }) => since > 0 && since + 1 < below);
  if (compared.length === 0) return { conflicts: [], truncated: false };
  const { stored, complete } = await foreign(core, device, lowestSince(compared), below);
  const conflicts: Conflict[] = [];
  let bytes = 0;
  const slices = inSlices();
  for (const { sent, entity, sequence = Number.POSITIVE_INFINITY } of compared) {
    for (const found of stored.get(entity) ?? []) {
      if (slices.over()) await slices.pause();
      if (found.sequence <= sent.last_seen_server_seq || found.sequence >= sequence) continue;
      const conflict = conflictOf(found, sent);
      bytes += Buffer.byteLength(JSON.stringify(conflict));
      if (conflicts.length === MOST.items || bytes > MOST.bytes) return { conflicts, truncated: true };
      conflicts.push(conflict);
    }
  }
  return { conflicts, truncated: !complete };
}

function conflictOf({ op_id, device_id, op_type, sequence }: Stored, sent: SentOperation): Conflict {
  const { entity_type, entity_id } = sent;
  return { op_id, device_id, op_type, server_sequence: sequence, entity_type, entity_id, local_op_id: sent.op_id };
}

/** The entities with the number behind which each is of interest to somebody. */
function lowestSince(compared: readonly Compared[]): [entity: string, since: number][] {
  const entities = new Map<string, number>();
  for (const { entity, sent } of compared) {
    entities.set(entity, Math.min(entities.get(entity) ?? Number.POSITIVE_INFINITY, sent.last_seen_server_seq));
  }
  return [...entities];
}

/** What others than the device did to the entities, ascending; not `complete` when there is more than may be read. */
async function foreign(
  core: Core,
  { user_id, vault, device_id }: DeviceDoc,
  entities: readonly [entity: string, since: number][],
  below: number,
): Promise<{ stored: Map<string, Stored[]>; complete: boolean }> {
  const log = core.storage.collection(operationsSpec);
  const stored = new Map<string, Stored[]>();
  let left = MOST_READ;

  async function look([entity, since]: [string, number]): Promise<void> {
    const found: Stored[] = [];
    stored.set(entity, found);
    const range = {
      index: 'entity',
      prefix: [user_id, vault, entity],
      from: since + 1,
      below,
      limit: PAGE,
      covered: true,
    };
    for await (const page of pagesOf(after => log.scan({ ...range, ...after }))) {
      found.push(...page.filter(({ device_id: other, op_type }) => other !== device_id && op_type !== 'delete'));
      left -= page.length;
      if (left <= 0) break;
    }
  }

  for (let start = 0; start < entities.length; start += AT_ONCE) {
    if (left <= 0) return { stored, complete: false };
    await Promise.all(entities.slice(start, start + AT_ONCE).map(look));
  }
  return { stored, complete: left > 0 };
}
