import { isDeepStrictEqual } from 'node:util';
import type { IndexDescriptionInfo } from 'mongodb';
import { StartupError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import { hasCode, isDuplicate } from '../errors.ts';
import type { Definition, Table } from '../table.ts';

/** How often a table is looked at again whose indexes other servers are building at the same time. */
const ATTEMPTS = 5;

const NAMESPACE_NOT_FOUND = 26;
const INDEX_NOT_FOUND = 27;
const INDEX_OPTIONS_CONFLICT = 85;
const INDEX_KEY_SPECS_CONFLICT = 86;
const CONFLICTING_OPERATION_IN_PROGRESS = 117;
const INDEX_BUILD_ABORTED = 276;
const INDEX_BUILD_ALREADY_IN_PROGRESS = 282;
const BACKGROUND_OPERATION_IN_PROGRESS = 12587;

/** Another server drops or builds the same index at this moment. */
const RACES = [
  INDEX_NOT_FOUND,
  CONFLICTING_OPERATION_IN_PROGRESS,
  INDEX_BUILD_ABORTED,
  INDEX_BUILD_ALREADY_IN_PROGRESS,
  BACKGROUND_OPERATION_IN_PROGRESS,
];

/** The indexes a table's collection has; none when there is no such collection. */
export async function existingIndexes(table: Table): Promise<IndexDescriptionInfo[]> {
  try {
    return await table.rows.indexes();
  } catch (error) {
    if (hasCode(error, NAMESPACE_NOT_FOUND)) return [];
    throw error;
  }
}

/** Whether two definitions mean the same index. */
export function isSame(a: IndexDescriptionInfo, b: Definition): boolean {
  return isDeepStrictEqual(meaningOf(a), meaningOf(b));
}

function meaningOf({ key, unique, partialFilterExpression, expireAfterSeconds }: IndexDescriptionInfo): unknown[] {
  return [Object.entries(key), unique === true, partialFilterExpression, expireAfterSeconds];
}

/**
 * Builds what is missing and rebuilds what has changed; indexes by other names are not ours and stay. Throws `StartupError`
 * when the server refuses for good.
 */
export async function buildIndexes(table: Table, log: Log): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const existing = new Map((await existingIndexes(table)).map(index => [index.name, index]));
    const lacking = table.definitions.filter(wanted => {
      const index = existing.get(wanted.name);
      return index === undefined || !isSame(index, wanted);
    });
    if (lacking.length === 0) return;
    try {
      for (const { name } of lacking) if (existing.has(name)) await table.rows.dropIndex(name);
      await build(table, lacking, log);
      return;
    } catch (error) {
      if (!hasCode(error, ...RACES) || attempt === ATTEMPTS) throw refusal(table, error);
    }
  }
}

async function build(table: Table, lacking: readonly Definition[], log: Log): Promise<void> {
  const about = { collection: table.rows.collectionName, indexes: lacking.map(index => index.name) };
  log.info(about, 'building indexes');
  const start = performance.now();
  await table.rows.createIndexes([...lacking]);
  log.info({ ...about, ms: Math.round(performance.now() - start) }, 'indexes built');
}

function refusal(table: Table, error: unknown): unknown {
  const collection = `MongoDB collection "${table.rows.collectionName}"`;
  if (isDuplicate(error)) {
    return new StartupError(`${collection}: duplicates appeared while a unique index was being built; start again.`, {
      cause: error,
    });
  }
  if (hasCode(error, INDEX_OPTIONS_CONFLICT, INDEX_KEY_SPECS_CONFLICT)) {
    return new StartupError(
      `${collection}: an index that is not ours is in the way (${error.message}). Drop that index and start again.`,
      { cause: error },
    );
  }
  return error;
}
