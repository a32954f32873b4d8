import type { ChangeStreamOptions, Db, Document, Timestamp } from 'mongodb';
import { StorageUnavailableError } from '../../../base/errors.ts';
import { PLACEHOLDER } from '../documents.ts';
import type { Gate } from '../gate.ts';
import type { Doc, Table } from '../table.ts';
import type { Position } from './position.ts';

/** Milliseconds for which the server looks for more before it says that there is nothing. */
const LOOK_MS = 50;

/** A change as the server tells it, with what is needed of it. */
export interface Change {
  readonly _id: unknown;
  readonly clusterTime?: Timestamp;
  readonly ns: { readonly coll: string };
  /** As it is now, not as it was then; null when it is gone since. */
  readonly fullDocument?: Doc | null;
}

/** What is used of a change stream of the driver. It goes on by itself after failures that pass. */
export interface Stream {
  next(): Promise<Change>;
  /** Null when there is nothing at the moment. */
  tryNext(): Promise<Change | null>;
  readonly resumeToken: unknown;
  close(): Promise<void>;
}

/** Where changes come from. */
export interface Source {
  /** Of which tables. */
  readonly tables: readonly Table[];
  /** Time of the cluster: what was acknowledged before it was asked for is not later. */
  now(): Promise<Timestamp>;
  /** Changes behind a position: of all, or of one owner. */
  open(from: Position, owner?: string): Stream;
}

/** The change streams of a database. */
export function sourceOf(db: Db, tables: readonly Table[], gate: Gate): Source {
  return {
    tables,
    async now() {
      const { operationTime } = await gate.short(() => db.command({ ping: 1 }));
      if (operationTime === undefined)
        throw new StorageUnavailableError('MongoDB does not tell the time of its cluster');
      return operationTime;
    },
    open({ time, token }, owner) {
      const from: ChangeStreamOptions =
        token === undefined ? { startAtOperationTime: time } : { resumeAfter: { _data: token } };
      const options: ChangeStreamOptions = { fullDocument: 'updateLookup', ...from };
      if (owner !== undefined) options.maxAwaitTimeMS = LOOK_MS;
      return db.watch<Doc, Change & Document>(pipelineOf(tables, owner), options);
    },
  };
}

/** What is wanted of the changes. Removals are left out: they leave a document in another collection. */
export function pipelineOf(tables: readonly Table[], owner?: string): Document[] {
  const owners = [...new Set(tables.map(({ spec }) => spec.owner ?? ''))];
  const fields = tables.flatMap(({ spec: { key, told, expires } }) => [
    ...key,
    ...(told?.fields ?? []),
    ...(expires === undefined ? [] : [expires]),
  ]);
  const wanted = owner === undefined ? { $type: 'string' } : { $eq: owner };
  return [
    {
      $match: {
        'ns.coll': { $in: tables.map(({ rows }) => rows.collectionName) },
        operationType: { $in: ['insert', 'update', 'replace'] },
        [`fullDocument.${PLACEHOLDER}`]: { $exists: false },
        $or: owners.map(field => ({ [`fullDocument.${field}`]: wanted })),
      },
    },
    { $project: { ns: 1, clusterTime: 1, ...Object.fromEntries(fields.map(field => [`fullDocument.${field}`, 1])) } },
  ];
}
