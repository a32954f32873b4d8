import type { CollectionSpec } from '../../storage/port.ts';

/** Files that are kept equal on several machines. */
export interface ConfigDoc {
  user_id: string;
  id: string;
  /** Grows with every config that is made: the account's configs are listed in this order. */
  seq: number;
  /** JSON text of a `Git`; absent: none. */
  git?: string;
  /** JSON text: the tracked paths. */
  files: string;
  /** JSON text: the epoch of each path, which is the revision that took it in. */
  epochs: string;
  /** Bytes of the three. */
  size?: number;
  /** Milliseconds since 1970-01-01 UTC, as all times here. */
  created: number;
  updated: number;
  /** 1, and one more with every change. */
  revision: number;
}

/** What a covered scan tells of a stored content. */
export interface FileState {
  /**
   * The epoch of its path when it was stored. A path that is taken out and listed again gets a later one: content of an
   * earlier epoch is treated as not there, so that no race can bring back what was removed.
   */
  epoch: number;
  /** Of the content, lower-case hex. */
  sha256: string;
  /** Bytes of the content. */
  size: number;
  /** Four octal digits; absent: never set. */
  mode?: string;
  /** When content or mode last changed. */
  modified: number;
}

/** The server's copy of a tracked file. */
export interface FileDoc extends FileState {
  user_id: string;
  config: string;
  path: string;
  content: Uint8Array;
}

export const configsSpec: CollectionSpec<ConfigDoc> = {
  name: 'dotsync_configs',
  key: ['user_id', 'id'],
  indexes: [{ name: 'age', fields: ['user_id', 'seq'], include: ['size'] }],
  owner: 'user_id',
  charge: { index: 'age', bytes: 'size' },
};

export const filesSpec: CollectionSpec<FileDoc> = {
  name: 'dotsync_files',
  key: ['user_id', 'config', 'path'],
  indexes: [
    {
      name: 'state',
      fields: ['user_id', 'config', 'path'],
      include: ['epoch', 'sha256', 'size', 'mode', 'modified'],
    },
    { name: 'changed', fields: ['user_id', 'modified'] },
  ],
  owner: 'user_id',
  charge: { index: 'state', bytes: 'size' },
};

/** The paths a config tracks, in its order. */
export function filesOf({ files }: ConfigDoc): string[] {
  return JSON.parse(files);
}

/** The same with their epochs. */
export function trackedBy(config: ConfigDoc): Map<string, number> {
  const epochs: number[] = JSON.parse(config.epochs);
  return new Map(filesOf(config).map((path, i) => [path, epochs[i] ?? 0]));
}
