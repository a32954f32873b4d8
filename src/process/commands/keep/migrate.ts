/** `keybin-server migrate`: all data from one storage into another, of whichever engine. */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { collections } from '../../../app.ts';
import { DuplicateKeyError, StorageUnavailableError } from '../../../base/errors.ts';
import type { Config } from '../../../config/options.ts';
import { documentsIn } from '../../../keep/items.ts';
import { type Moved, moveStore } from '../../../keep/move-store.ts';
import { type Sum, sumsOf } from '../../../keep/sums.ts';
import type { OpenOptions } from '../../../storage/options.ts';
import type { Storage } from '../../../storage/port.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { type Progress, showProgress } from '../../../terminal/progress.ts';
import { CommandError } from '../command-error.ts';
import { answerRows, type Common, type Define, framed } from '../frame.ts';
import { readConfig } from '../with-core.ts';
import { engineOf, optionsFor, withStore } from './store.ts';

interface Options extends Common {
  readonly from?: string;
  readonly fromDatabase?: string;
  readonly to: string;
  readonly toDatabase?: string;
  readonly dryRun?: true;
}

/** How often a storage that does not answer is tried again, and after how many milliseconds. */
const ATTEMPTS = 20;
const PAUSE = 3_000;

/** How a host is written. */
const HOST = 'file:FOLDER, mongodb://HOST:PORT/, or @FILE, a file with that: for an address with a password';

/** Adds the command. */
export const define: Define = (program, running) => {
  const command = program
    .command('migrate')
    .description('copy all data into an empty storage of either engine, and compare both; the source stays as it is')
    .option('--from <host>', `the source; else [STORE] host. ${HOST}`)
    .option('--from-database <name>', 'its MongoDB database; else [STORE] database')
    .requiredOption('--to <host>', 'the target: empty, or a part of the same copy, which goes on')
    .option('--to-database <name>', 'its MongoDB database; else [STORE] database')
    .option('--dry-run', 'read and count the source, and look whether the target is empty');
  framed(command, [
    ['migrate --from file:/srv/keybin --to mongodb://db:27017/?replicaSet=rs0', 'Into a replica set.'],
    ['migrate --from mongodb://db:27017/ --to file:/srv/keybin --dry-run', 'What would be copied?'],
  ]).action((options: Options) => running.stoppable(stopping => migrate(options, stopping)));
};

async function migrate(options: Options, stopping: AbortSignal): Promise<void> {
  const config = await readConfig(options);
  const from = placeOf(config, options.from, options.fromDatabase, 'copy');
  const to = placeOf(config, options.to, options.toDatabase, 'fill');
  if (nameOf(from) === nameOf(to)) throw new CommandError('source and target are the same storage', EXIT.usage);
  const shown = parts();
  try {
    await withStore(from, source => {
      if (options.dryRun) return look(source, to, options, shown);
      return withStore(to, target => move(source, target, nameOf(from), options, shown, stopping));
    });
  } catch (error) {
    if (stopping.aborted) {
      throw new CommandError('stopped: the same command goes on where it stopped', EXIT.interrupted);
    }
    throw error instanceof DuplicateKeyError ? doubled(error) : error;
  } finally {
    shown.end();
  }
}

async function move(
  source: Storage,
  target: Storage,
  from: string,
  options: Options,
  { begins, passed, end }: Parts,
  stopping: AbortSignal,
): Promise<void> {
  const copy = `migrate ${createHash('sha256').update(from).digest('hex')}`;
  const moving = { copy, now: Date.now, stopping, begins, passed };
  const moved = await patiently(() => moveStore(source, target, collections, moving), stopping);
  end();
  await tell(moved.sums, options);
  tellRest(moved, `${source.description} is in ${target.description}, and both hold the same`);
}

/** Begins again where it stopped when a storage does not answer for a while. Throws `CommandError` when that goes on. */
async function patiently<T>(work: () => Promise<T>, stopping: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      const { message } = error;
      if (attempt === ATTEMPTS) throw new CommandError(`${message}: the same command goes on where it stopped`);
      console.error(`${message}; it goes on in ${PAUSE / 1000} s`);
      await pause(PAUSE, undefined, { signal: stopping });
    }
  }
}

async function look(source: Storage, to: OpenOptions, options: Options, { begins, passed, end }: Parts): Promise<void> {
  if (engineOf(to) === 'mongodb' || existsSync(folderOf(to))) await withStore({ ...to, purpose: 'copy' }, demandEmpty);
  const snapshot = await source.snapshot();
  begins('checking', await snapshot.about().finally(() => snapshot.close()));
  const sums = await sumsOf(source, collections, new Date(), passed);
  const contents = await source.blobs.count();
  end();
  await tell(sums, options);
  console.error(`nothing was copied; beside these there are ${contents} contents in ${source.description}`);
}

async function demandEmpty(target: Storage): Promise<void> {
  const snapshot = await target.snapshot();
  const documents = await snapshot.about().finally(() => snapshot.close());
  if (documents === 0) return;
  throw new CommandError(`the target is not empty (${target.description}): name an empty one`, EXIT.absent);
}

/** Where something is. Throws `CommandError`. */
function placeOf(
  config: Config,
  host: string | undefined,
  database: string | undefined,
  purpose: 'copy' | 'fill',
): OpenOptions {
  if (!host?.startsWith('@')) return optionsFor(config, { host, database }, purpose);
  const file = host.slice(1);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`, EXIT.usage, { cause: error });
  }
  if (!/^(file:|mongodb(\+srv)?:\/\/)\S+$/.test(text)) {
    throw new CommandError(`${file}: expected one line, file:FOLDER or mongodb://…`, EXIT.usage);
  }
  return { ...optionsFor(config, { database }, purpose), host: text };
}

/** The same for the same storage, without its password. */
function nameOf(options: OpenOptions): string {
  if (engineOf(options) === 'embedded') return `file:${folderOf(options)}`;
  return `${options.host.replace(/^([a-z+]*:\/\/)([^/?]*@)?([^/?]*).*$/is, '$1$3')}/${options.database}`;
}

function folderOf({ host }: OpenOptions): string {
  return path.resolve(host.slice('file:'.length));
}

async function tell(sums: ReadonlyMap<string, Sum>, options: Options): Promise<void> {
  const rows = [...sums].map(([collection, { documents, sha256 }]) => ({ collection, documents, sha256 }));
  await answerRows(options, options.json ? rows : rows.filter(({ documents }) => documents > 0), [
    { title: 'COLLECTION', of: row => row.collection },
    { title: 'DOCUMENTS', of: row => row.documents },
    { title: 'SHA-256', of: row => row.sha256 },
  ]);
}

function tellRest({ totals, left }: Moved, sentence: string): void {
  const { blobs, bytes, missing } = totals;
  console.error(`${documentsIn(totals)} documents, ${blobs} contents (${bytes} bytes): ${sentence}`);
  for (const [name, count] of left) {
    console.error(
      `${count} documents of ${name} have no key and are not taken along: tokens of the original service, say`,
    );
  }
  if (missing.length === 0) return;
  const [first] = missing;
  console.error(
    `${missing.length} contents, first ${first}, are not in the source as they were stored: a backup may have them`,
  );
}

function doubled(cause: DuplicateKeyError): CommandError {
  return new CommandError(
    `the source has two documents with the same value of the unique index ${cause.index}: no server starts on such data; remove one of them`,
    EXIT.failed,
    { cause },
  );
}

/** Progress, part by part. */
interface Parts {
  begins(part: 'contents' | 'documents' | 'checking', total: number): void;
  passed(records: number): void;
  end(): void;
}

function parts(): Parts {
  const labels = { contents: 'copying contents', documents: 'copying documents', checking: 'comparing' };
  let shown: Progress | undefined;
  return {
    begins(part, total) {
      shown?.end();
      shown = showProgress({ label: labels[part], unit: part === 'contents' ? 'contents' : 'documents', total });
    },
    passed: records => shown?.advance(records),
    end: () => shown?.end(),
  };
}
