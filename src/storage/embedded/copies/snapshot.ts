import type { Transaction } from 'lmdb';
import { StorageUnavailableError } from '../../../base/errors.ts';
import type { Doc } from '../../change.ts';
import type { Named, Snapshot } from '../../port.ts';
import type { Environment } from '../environment.ts';
import { toStorageError } from '../errors.ts';
import { secretsIn } from '../files/secrets.ts';
import { EVERYTHING, type Tuple } from '../keys.ts';
import type { Opened } from '../opening/open-data.ts';
import type { Table } from '../table.ts';

/** A portion ends with so many documents, or with about so many bytes of texts. */
const DOCUMENTS = 500;
const BYTES = 1024 * 1024;

/** What a read transaction sees. As long as it is open LMDB overwrites no page that it may need: the file grows instead. */
export function openSnapshot(env: Environment, opened: Opened): Snapshot {
  opened.root.resetReadTxn(); // one that sees all there is
  const transaction = opened.root.useReadTransaction();
  const { counters, tables } = opened;
  let closed = false;
  const demandOpen = () => {
    env.beginRead();
    if (closed) throw new StorageUnavailableError('the snapshot is closed');
  };
  return {
    oneMoment: true,
    async about() {
      demandOpen();
      return tables.reduce((sum, { primary }) => sum + primary.getStats().entryCount, 0);
    },
    async *documents(collection) {
      const table = tables.find(({ spec }) => spec.name === collection);
      if (table === undefined) throw new Error(`collection ${collection} was not opened`);
      for (let behind: Tuple | undefined; ; ) {
        demandOpen();
        const { docs, last } = portion(table, transaction, behind);
        if (docs.length > 0) yield docs;
        if (last === undefined) return;
        behind = last;
        await new Promise(setImmediate); // others have their turn
      }
    },
    async counters() {
      demandOpen();
      try {
        const all: Named<number>[] = [];
        for (const { key, value } of counters.getRange({ transaction })) all.push({ name: key, value });
        return all;
      } catch (error) {
        throw toStorageError(opened.damage.whileReading(error));
      }
    },
    async secrets() {
      demandOpen();
      return secretsIn(env);
    },
    async close() {
      if (closed) return;
      closed = true;
      transaction.done();
    },
  };
}

/** Documents behind a key; `last` is the key of the last one, where more may follow. */
function portion(table: Table, transaction: Transaction, behind: Tuple | undefined): { docs: Doc[]; last?: Tuple } {
  const docs: Doc[] = [];
  let bytes = 0;
  const start = behind ?? EVERYTHING.start;
  const { told } = table;
  for (const { key, value } of table.primary.getRange({ start, end: EVERYTHING.end, transaction })) {
    if (behind !== undefined && docs.length === 0 && isSame(key, behind)) continue;
    for (const field in value) bytes += lengthOf(value[field]);
    if (told === undefined) docs.push(value);
    else {
      const { [told.stamp]: _, ...doc } = value;
      docs.push(doc);
    }
    if (docs.length >= DOCUMENTS || bytes >= BYTES) return { docs, last: key };
  }
  return { docs };
}

function isSame(a: Tuple, b: Tuple): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i] || Number(value) === Number(b[i]));
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
}
