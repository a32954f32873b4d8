import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import type { Clock } from '../../base/clock.ts';
import { StartupError, StorageUnavailableError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { OpenOptions } from '../options.ts';
import type { Damage } from './damage.ts';
import { DataFile } from './files/data.ts';
import { closeToOthers } from './files/permissions.ts';
import { checkFolder, DATA_FILE, makeFolder, noteMade } from './files/preflight.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { Writer } from './writer.ts';

/** Folder of the blobs inside it, and in that one the folder of uploads under way. */
export const BLOBS = 'blobs';
export const INCOMING = 'incoming';

/** Folder of the secrets. It is made with the first one. */
export const SECRETS = 'secrets';

/** LMDB sets aside a slot for each: every collection, and every index, is one. */
const MAX_DATABASES = 128;

/** An open LMDB environment: what all collections of one data folder share. */
export interface Environment {
  readonly folder: string;
  readonly root: RootDatabase;
  readonly file: DataFile;
  readonly writer: Writer;
  /** The injected clock, in milliseconds. */
  now(): number;
  /**
   * Called before every read. Throws `StorageUnavailableError` once the engine is closed; makes the first read of an
   * iteration of the event loop see all that any process has committed by then.
   */
  beginRead(): void;
}

/** The folder of a `file:` host, absolute. */
export function folderOf(options: OpenOptions): string {
  return path.resolve(options.host.slice('file:'.length));
}

/** Opens (and makes, readable by this user only) the data folder. Throws `StartupError` that says what to do. */
export function openFolder(folder: string, log: Log): RootDatabase {
  try {
    makeFolder(path.join(folder, BLOBS, INCOMING));
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    checkFolder(folder, log);
    closeToOthers(folder, log);
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
  } catch (cause) {
    if (cause instanceof StartupError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(
      `the data folder ${folder} cannot be used: ${reason}. [STORE] host must name a folder this user may write to`,
      { cause },
    );
  }
}

/** What an environment is made of. */
export interface EnvironmentParts {
  readonly folder: string;
  readonly root: RootDatabase;
  readonly log: Log;
  readonly damage: Damage;
  readonly snapshot: Snapshot;
  readonly clock: Clock;
  /** Checked at the begin of every write transaction. */
  precondition(): void;
}

/** Wraps an open folder. */
export function environment({ folder, root, log, damage, snapshot, clock, precondition }: EnvironmentParts) {
  const state = { closed: false };
  const file = new DataFile(folder, () => clock.elapsed(), log);
  const env: Environment = {
    folder,
    root,
    file,
    writer: new Writer({ folder, root, file, damage, snapshot, precondition }),
    now: () => clock.now(),
    beginRead() {
      if (state.closed) throw new StorageUnavailableError('the storage is closed');
      if (snapshot.isFresh) return;
      file.demandReadable();
      // The library keeps its own snapshot for a millisecond; by then another process may have answered with newer data.
      if (snapshot.refresh()) root.resetReadTxn();
    },
  };
  return { env, markClosed: () => (state.closed = true) };
}
