import { createHash } from 'node:crypto';
import type { Database } from 'lmdb';
import { StartupError, StorageUnavailableError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { SCHEMA_VERSION } from '../../schema.ts';
import { EVERYTHING } from '../keys.ts';
import { entryOf, type Index, type Table, tupleOf } from '../table.ts';

/** Facts about the folder: `schema` (number), `layout` (hash of all definitions), `index:<name>` (definition). */
export type Meta = Database<unknown, string>;

/** Does synchronous work in a write transaction; what it throws ends that. */
export type InTransaction = <T>(work: () => T) => T;

/** Documents between two progress lines while an index is built. */
const PROGRESS = 100_000;

/**
 * Makes the folder fit the tables: checks the schema version and builds indexes that are missing or defined differently, in
 * one transaction: a crash leaves the old state, other processes wait. Throws `StartupError`.
 */
export function prepareLayout(meta: Meta, tables: readonly Table[], log: Log, inTransaction: InTransaction): string {
  const layout = layoutOf(tables);
  if (meta.get('schema') === SCHEMA_VERSION && meta.get('layout') === layout) return layout;
  inTransaction(() => {
    demandVersion(meta.get('schema'));
    forgetOthers(meta, tables);
    for (const table of tables) {
      for (const index of table.indexes) {
        const definition = definitionOf(index);
        if (meta.get(`index:${index.id}`) === definition) continue;
        buildIndex(table, index, log);
        meta.put(`index:${index.id}`, definition);
      }
    }
    meta.put('schema', SCHEMA_VERSION);
    meta.put('layout', layout);
  });
  return layout;
}

/** The layout of data that is only read: documents lie as they always did, whatever its indexes are. Throws `StartupError`. */
export function layoutToRead(meta: Meta): string {
  demandVersion(meta.get('schema'));
  return String(meta.get('layout'));
}

/** A new folder has no version. */
function demandVersion(stored: unknown): void {
  if (typeof stored !== 'number' || stored === SCHEMA_VERSION) return;
  const advice =
    stored > SCHEMA_VERSION
      ? 'start the newer program'
      : 'start the program that wrote it, or move the folder away to begin with an empty one';
  throw new StartupError(
    `the data is of schema version ${stored}, this program reads version ${SCHEMA_VERSION}: ${advice}; nothing was changed`,
  );
}

/**
 * Refuses to write once another program took the folder over with other definitions: its indexes would go stale. Throws
 * `StorageUnavailableError`.
 */
export function demandLayout({ meta, layout }: { meta: Meta; layout: string }): void {
  if (meta.get('layout') !== layout) {
    throw new StorageUnavailableError(
      'another version of the server has taken over this data folder: restart this one',
    );
  }
}

/** An index this program does not maintain goes stale: it is built anew when it is wanted again. */
function forgetOthers(meta: Meta, tables: readonly Table[]): void {
  const known = new Set(tables.flatMap(table => table.indexes.map(index => `index:${index.id}`)));
  for (const key of [...meta.getKeys({ start: 'index:', end: 'index;' })]) if (!known.has(key)) meta.remove(key);
}

/** Builds an index anew of the documents. To be called in a transaction. Throws `StartupError`: there are duplicates. */
export function buildIndex(table: Table, index: Index, log?: Log): void {
  index.db.clearSync();
  let done = 0;
  for (const { key, value } of table.primary.getRange({ ...EVERYTHING })) {
    const tuple = tupleOf(index, value);
    if (tuple) {
      const other = index.unique ? index.db.get(tuple) : undefined;
      if (other !== undefined) throw duplicate(table, index);
      index.db.put(tuple, entryOf(index, value));
    }
    done++;
    if (done % PROGRESS === 0)
      log?.info({ index: index.id, done, last: String(key[0]).slice(0, 8) }, 'building an index');
  }
  if (done > 0) log?.info({ index: index.id, done }, 'index built');
}

function duplicate(table: Table, index: Index): StartupError {
  const fields = index.tuple.slice(0, index.own).join(', ');
  return new StartupError(
    `collection ${table.spec.name} holds duplicates in ${fields}: the index ${index.name} cannot be built`,
  );
}

function definitionOf(index: Index): string {
  return JSON.stringify([index.tuple, index.own, index.unique, index.covering, index.include]);
}

function layoutOf(tables: readonly Table[]): string {
  const definitions = tables.flatMap(table => table.indexes.map(index => [index.id, definitionOf(index)])).sort();
  return createHash('sha256')
    .update(JSON.stringify([SCHEMA_VERSION, definitions]))
    .digest('hex');
}
