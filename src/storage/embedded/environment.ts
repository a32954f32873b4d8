import path from 'node:path';
import type { RootDatabase } from 'lmdb';
import type { Clock } from '../../base/clock.ts';
import { StorageUnavailableError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { OpenOptions } from '../options.ts';
import { DataFile } from './files/data.ts';
import type { Opened } from './opening/open-data.ts';
import { Writer } from './writer.ts';

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

/** Wraps an open folder. */
export function environment(opened: Opened, clock: Clock, log: Log) {
  const { folder, root, snapshot } = opened;
  const state = { closed: false };
  const file = new DataFile(folder, () => clock.elapsed(), log);
  const env: Environment = {
    folder,
    root,
    file,
    writer: new Writer(opened, file),
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
