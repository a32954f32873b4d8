import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../../core/context.ts';
import type { DeviceDoc } from '../../../core/devices/devices.ts';
import type { OperationDoc } from '../collections.ts';
import { headOf, operationsAfter } from '../log.ts';

/** Characters of payloads that are written at once. */
const PORTION = 524_288;

/** An operation as every device of the vault gets it. */
export interface PulledOperation
  extends Pick<
    OperationDoc,
    'op_id' | 'device_id' | 'entity_type' | 'entity_id' | 'op_type' | 'payload_json' | 'created_at'
  > {
  readonly server_sequence: number;
}

/** A page of a vault's log, as it is sent. */
export interface PulledPage {
  readonly ops: PulledOperation[];
  /** The number of the last operation in the vault. */
  readonly server_sequence: number;
  /** Where the next page begins: on an empty page, where this one began. */
  readonly page_last_sequence: number;
  readonly has_more: boolean;
}

/** What is in the log of a device's vault behind the number `since`: as `operationsAfter`. */
export async function pullPage(
  core: Core,
  device: DeviceDoc,
  since: number,
  size: { limit: number; payloadBytes: number },
): Promise<PulledPage> {
  const { operations, more } = await operationsAfter(core, device, since, size);
  const last = operations.at(-1)?.sequence ?? since;
  const atEnd = !more && operations.length > 0;
  // Read after the page, so that it is not behind it; both are settled: a client never asks again for a number it was given,
  // even if a failover gives it to another operation.
  const head = atEnd ? last : await headOf(core, device, { settled: true });
  return {
    ops: operations.map(pulled),
    // What came between the two is news for the next pull: the page says that there is no more.
    server_sequence: more ? head : Math.min(head, last),
    page_last_sequence: last,
    has_more: more,
  };
}

function pulled(operation: OperationDoc): PulledOperation {
  const { op_id, sequence, device_id, entity_type, entity_id, op_type, payload_json, created_at } = operation;
  return { op_id, server_sequence: sequence, device_id, entity_type, entity_id, op_type, payload_json, created_at };
}

/** The operations in portions that are written one by one, between which others have their turn: a page may be very long. */
export async function* portionsOf(operations: readonly PulledOperation[]): AsyncGenerator<PulledOperation[]> {
  const slices = inSlices();
  let portion: PulledOperation[] = [];
  let size = 0;
  for (const operation of operations) {
    size += operation.payload_json.length;
    portion.push(operation);
    if (size < PORTION) continue;
    yield portion;
    portion = [];
    size = 0;
    if (slices.over()) await slices.pause();
  }
  yield portion;
}

/** Operations as members of a JSON list. */
export function membersOf(operations: readonly PulledOperation[]): string {
  return JSON.stringify(operations).slice(1, -1);
}
