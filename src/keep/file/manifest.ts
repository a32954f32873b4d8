import { SCHEMA_VERSION } from '../../storage/schema.ts';
import { BackupError } from '../backup-error.ts';

/** Version of the form of the file. */
export const FORMAT = 1;

/** The first line of a backup. */
export interface Manifest {
  /** {@link FORMAT} of the program that wrote it. */
  readonly keybin_backup: number;
  /** Version of that program. */
  readonly keybin: string;
  /** Schema version of the data. */
  readonly schema: number;
  readonly engine: string;
  /** Tells backups apart. */
  readonly id: string;
  /** When it was begun, as RFC 3339 has it. */
  readonly begun_at: string;
  readonly collections: readonly string[];
  /** What was left out. */
  readonly excluded: readonly string[];
}

/** The manifest in the first line. Throws `BackupError`: it is none, or this program cannot read what follows. */
export function manifestOf(json: unknown): Manifest {
  const { keybin_backup, keybin, schema, id, collections, excluded } = (json ?? {}) as Partial<Manifest>;
  if (typeof keybin_backup !== 'number' || typeof schema !== 'number') {
    throw new BackupError('this is no backup of Keybin: its first line is no manifest');
  }
  if (keybin_backup > FORMAT || schema > SCHEMA_VERSION) {
    throw new BackupError(
      `the backup was written by a newer version of Keybin (${String(keybin).slice(0, 40)}): restore it with that one, or a newer one`,
    );
  }
  if (schema < SCHEMA_VERSION) {
    throw new BackupError(
      `the backup holds data of schema version ${schema}, and this program reads version ${SCHEMA_VERSION}: restore it with Keybin ` +
        `${String(keybin).slice(0, 40)}, and start this one on that data`,
    );
  }
  if (typeof id !== 'string' || !Array.isArray(collections) || !Array.isArray(excluded)) {
    throw new BackupError('the backup is damaged: its manifest lacks something');
  }
  return json as Manifest;
}
