import type { CollectionSpec } from '../../storage/port.ts';

/** Where a punch is found by its time. */
export type PunchTimes = Pick<PunchDoc, 'start' | 'running'>;

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
  /** 1 while the clock runs. */
  running?: 1;
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
    { name: 'starts', fields: ['user_id', 'start'], include: ['running'] },
  ],
  owner: 'user_id',
  // Beyond many, what is left of deleted ones counts: else to store and to delete again and again would fill any disk.
  charge: { index: 'manifest', bytes: 'size', marks: 'gone' },
};
