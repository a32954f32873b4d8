import type { Core } from '../../../core/context.ts';
import type { DeviceDoc } from '../../../core/devices/devices.ts';
import { askPlugins } from '../../../core/plugins/tell.ts';
import type { BlobReference } from '../blobs/references.ts';
import { type PushLimits, readOperations, type SentOperation } from './operations.ts';

/** Operations that were found to be in order, and the blobs they refer to. */
export interface ReadOperations {
  readonly operations: SentOperation[];
  readonly references: BlobReference[];
}

/** What plugins make of a push: other payloads, and nothing else. Throws as `Plugins.filter`. */
export async function filteredOperations(
  core: Core,
  { user_id }: DeviceDoc,
  read: ReadOperations,
  limits: PushLimits,
): Promise<ReadOperations> {
  if (!core.plugins.filters('verstak.push')) return read;
  const { operations } = read;
  return askPlugins(core, 'verstak.push', user_id, { ops: operations }, ({ ops }) => {
    if (ops.length !== operations.length) throw new TypeError('operations can be neither added nor left out');
    const changed = operations.map((operation, i) => {
      const { op_id, payload_json } = ops[i] as Partial<SentOperation>;
      if (op_id !== operation.op_id) throw new TypeError('operations keep their order and their ids');
      return { ...operation, payload_json };
    });
    return readOperations(changed, limits);
  });
}
