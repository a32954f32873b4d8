import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StartupError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { OpenOptions } from '../../options.ts';
import { openTold, Stamps } from '../changes/stamps.ts';
import { demandFilled } from '../copies/mark.ts';
import { Damage } from '../damage.ts';
import type { LockFile } from '../files/lock.ts';
import { BLOBS, DATA_FILE, INCOMING } from '../files/names.ts';
import { closeToOthers } from '../files/permissions.ts';
import { checkFolder, makeFolder, noteMade } from '../files/preflight.ts';
import { Snapshot } from '../snapshot/snapshot.ts';
import { openTable, type Table } from '../table.ts';
import { Gate } from './gate.ts';
import { layoutToRead, type Meta, prepareLayout } from './layout.ts';
import { demandOneSpace } from './neighbours.ts';

/** LMDB sets aside a slot for each: every collection, and every index, is one. */
const MAX_DATABASES = 128;

/** An open data folder. */
export interface Opened {
  readonly folder: string;
  readonly gate: Gate;
  readonly lock: LockFile;
  readonly root: RootDatabase;
  readonly meta: Meta;
  readonly counters: Database<number, string>;
  readonly tables: readonly Table[];
  readonly damage: Damage;
  readonly snapshot: Snapshot;
  readonly stamps: Stamps;
  /** Names what the tables and indexes are: see `demandLayout`. */
  readonly layout: string;
  close(): Promise<void>;
}

/** Opens (and makes, readable by this user only) the data folder. Throws `StartupError` that says what to do. */
export function openData(folder: string, options: OpenOptions, log: Log): Opened {
  if (options.purpose === 'copy') demandThere(folder);
  const gate = usable(folder, () => {
    makeFolder(path.join(folder, BLOBS, INCOMING));
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    checkFolder(folder, log);
    closeToOthers(folder, log);
    return new Gate(folder);
  });
  let close = async () => gate.close();
  try {
    const opened = gate.alone(() => {
      const { root, lock } = usable(folder, () => gate.admit(() => openFile(folder)));
      close = async () => {
        await root.close();
        lock.close();
        gate.close();
      };
      const damage = new Damage(log);
      const parts = { damage, snapshot: new Snapshot(lock), stamps: new Stamps(openTold(root, damage)) };
      const meta: Meta = root.openDB({ name: 'meta' });
      const counters: Database<number, string> = root.openDB({ name: 'counters' });
      const nameOf = (name: string) => `data/${options.names[name] ?? name}`;
      const tables = options.specs.map(spec => openTable(root, spec, nameOf(spec.name), parts));
      return { folder, gate, lock, root, meta, counters, tables, ...parts };
    });
    const { root, lock, meta, tables } = opened;
    const inTransaction = <T>(work: () => T) => gate.transactionSync(root, lock, work);
    demandOneSpace(root, meta, folder, inTransaction);
    if (options.purpose !== 'fill') demandFilled(meta, folder);
    if (options.purpose === 'copy') return { ...opened, layout: layoutToRead(meta), close };
    opened.stamps.prepare(meta, () => lock.transaction, inTransaction);
    return { ...opened, layout: prepareLayout(meta, tables, log, inTransaction), close };
  } catch (error) {
    void close();
    throw error instanceof StartupError ? error : unreadable(folder, error);
  }
}

/** A folder to copy is not made. */
function demandThere(folder: string): void {
  if (existsSync(path.join(folder, DATA_FILE))) return;
  throw new StartupError(`there is no data of Keybin in ${folder}: [STORE] host must name the folder of the server`);
}

function openFile(folder: string): RootDatabase {
  // Standard flushing: a transaction is on disk when it resolves. Batches are made by the writer, not by event turn.
  const root = open({
    path: path.join(folder, DATA_FILE),
    noSubdir: true,
    maxDbs: MAX_DATABASES,
    permissionsMode: 0o600,
    overlappingSync: false,
    eventTurnBatching: false,
  } as never);
  noteMade(folder);
  return root;
}

/** What the system refuses is for the operator to mend. */
function usable<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(
      `the data folder ${folder} cannot be used: ${reason}. [STORE] host must name a folder this user may write to`,
      { cause },
    );
  }
}

/** Whatever the library cannot read of a file that is whole is damaged. */
function unreadable(folder: string, cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  return new StartupError(
    `the data in ${folder} cannot be read (${cause.message}): put back a backup of the whole folder`,
    { cause },
  );
}
