import type { CollectionSpec } from '../../storage/port.ts';

/** What is kept of a punch beside its text: by this it is found and added up. */
export type PunchFigures = Required<Pick<PunchDoc, 'start' | 'project'>> & Pick<PunchDoc, 'running' | 'out' | 'rate'>;

/** A punch, or what is left of a deleted one: it has `updated` and `body`, or it has `mark`. */
export interface PunchDoc {
  user_id: string;
  /** The client's UUID, exactly as sent. */
  id: string;
  /** The client's time of the last edit, in milliseconds. */
  updated?: number;
  /** JSON text of the whole punch as it is given out. */
  body?: string;
  /** Bytes of `body`. */
  size?: number;
  /** Beside `body`: when it began, in milliseconds. */
  start?: number;
  /** When it ended, in milliseconds. */
  out?: number;
  /** 1 instead of `out`, while the clock runs. */
  running?: 1;
  project?: string;
  /** Of an hour; absent: 0. */
  rate?: number;
  /** Of a deleted punch: only an `updated` greater than this brings it back. Milliseconds. */
  mark?: number;
  /** 1 beside `mark`, for who counts. */
  gone?: number;
}

export const punchesSpec: CollectionSpec<PunchDoc> = {
  name: 'punches',
  key: ['user_id', 'id'],
  indexes: [
    // Over the key alone, so that every document is in it: a partial index MongoDB covers only from version 7 on.
    { name: 'manifest', fields: ['user_id', 'id'], include: ['updated', 'mark', 'size', 'gone'] },
    { name: 'starts', fields: ['user_id', 'start'], include: ['out', 'project', 'rate'] },
    { name: 'running', fields: ['user_id', 'running', 'start'] },
  ],
  owner: 'user_id',
  // Beyond many, what is left of deleted ones counts: else to store and to delete again and again would fill any disk.
  charge: { index: 'manifest', bytes: 'size', marks: 'gone' },
};
