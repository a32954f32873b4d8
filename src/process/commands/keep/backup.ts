/** `keybin-server backup`: all data of a server, which may run, as one file. */

import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError } from 'commander';
import { collections } from '../../../app.ts';
import { StartupError } from '../../../base/errors.ts';
import { FORMAT, type Manifest } from '../../../keep/file/manifest.ts';
import { totalsFor, writeBackup } from '../../../keep/file/write.ts';
import { nameAt, prune, writeAside } from '../../../keep/folder.ts';
import { documentsIn, type Item, type Items, type Totals } from '../../../keep/items.ts';
import { collectionsRead, EXCLUDABLE, type Excluded, readStore } from '../../../keep/read-store.ts';
import type { OpenOptions } from '../../../storage/options.ts';
import { SCHEMA_VERSION } from '../../../storage/schema.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { type Progress, showProgress } from '../../../terminal/progress.ts';
import { packageVersion } from '../../build-info.ts';
import { CommandError } from '../command-error.ts';
import { answer, type Common, type Define, framed } from '../frame.ts';
import { readConfig } from '../with-core.ts';
import { durationOf } from './duration.ts';
import { engineOf, optionsFor, withStore } from './store.ts';

interface Options extends Common {
  readonly exclude?: readonly Excluded[];
  /** Milliseconds. */
  readonly every?: number;
  readonly keep?: number;
}

/** Adds the command. */
export const define: Define = (program, running) => {
  const command = program
    .command('backup')
    .description('write all data of the server to one file, while it runs')
    .argument('<file>', 'a file; a folder, which gets a file named by the time; - is the standard output')
    .option('--exclude <list>', 'leave out some of: sessions, audit, blobs (by comma)', excludedOf)
    .option('--every <time>', 'into a folder, again and again, until it is stopped', durationOf)
    .option('--keep <time>', 'then remove backups in the folder that are older, but not the last', durationOf);
  framed(command, [
    ['backup /var/backups/keybin --keep 7d', 'One more backup in that folder; those older than a week go.'],
    ['backup - | ssh vault "cat > keybin.ndjson.gz"', 'To another machine, without a file here.'],
  ]).action((file: string, options: Options) => running.stoppable(stopping => backUp(file, options, stopping)));
};

function excludedOf(text: string): Excluded[] {
  const names = text.split(',');
  const unknown = names.find(name => !Object.hasOwn(EXCLUDABLE, name));
  if (unknown === undefined) return names as Excluded[];
  throw new InvalidArgumentError(`expected some of ${Object.keys(EXCLUDABLE).join(', ')}, by comma`);
}

async function backUp(file: string, options: Options, stopping: AbortSignal): Promise<void> {
  const { every, keep } = options;
  const isFolder = file !== '-' && (statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false);
  if (!isFolder && (every !== undefined || keep !== undefined)) {
    throw new CommandError(`--every and --keep need a folder that is there, and ${file} is none`, EXIT.usage);
  }
  if (file === '-' && process.stdout.isTTY) {
    throw new CommandError('a terminal cannot take a backup: name a file, or a program behind |', EXIT.usage);
  }
  const config = await readConfig(options);
  const source = optionsFor(config, {}, 'copy');
  for (;;) {
    const begun = Date.now();
    const target = isFolder ? path.join(file, nameAt(begun)) : file;
    const one = once(target, source, options, stopping);
    if (every === undefined) return one;
    // What failed may go well the next time.
    await one.catch(error => {
      if (!(error instanceof StartupError) || stopping.aborted) throw error;
      console.error(`keybin-server: ${error.message}`);
    });
    await pause(Math.max(0, begun + every - Date.now()), undefined, { signal: stopping }).catch(() => {});
    if (stopping.aborted) return;
  }
}

async function once(target: string, source: OpenOptions, options: Options, stopping: AbortSignal): Promise<void> {
  const { exclude = [], keep } = options;
  const manifest = manifestFor(source, exclude);
  const totals = totalsFor(manifest);
  let moment: Extract<Item, { moment: Date }> | undefined;
  const write = (sink: Writable) =>
    withStore(source, async storage => {
      const shown = parts();
      const read = readStore(storage, collections, {
        exclude,
        now: Date.now,
        missing: sha256 => totals.missing.push(sha256),
        begins: shown.begins,
      });
      const noting = noted(read, found => {
        moment = found;
      });
      await writeBackup(noting, manifest, totals, sink, { passed: shown.passed, stopping }).finally(shown.end);
    }).finally(() => sink !== process.stdout && sink.destroy());
  try {
    await (target === '-' ? write(process.stdout) : writeAside(target, write));
  } catch (error) {
    if (!stopping.aborted) throw error;
    throw new CommandError('the backup was interrupted, and nothing of it is left: begin again', EXIT.interrupted);
  }
  tell(target, options, totals, moment);
  if (keep !== undefined) {
    for (const name of await prune(path.dirname(target), keep, Date.now())) console.error(`${name} is removed`);
  }
  demandWhole(target, totals);
}

function manifestFor(source: OpenOptions, exclude: readonly Excluded[]): Manifest {
  return {
    keybin_backup: FORMAT,
    keybin: packageVersion(),
    schema: SCHEMA_VERSION,
    engine: engineOf(source),
    id: randomUUID(),
    begun_at: new Date().toISOString(),
    collections: collectionsRead(collections, exclude).map(({ name }) => name),
    excluded: exclude,
  };
}

/** Says what was written. */
function tell(
  target: string,
  options: Options,
  totals: Totals,
  moment: Extract<Item, { moment: Date }> | undefined,
): void {
  const documents = documentsIn(totals);
  const { blobs, bytes } = totals;
  const when = moment?.moment.toISOString() ?? '';
  const how = moment?.oneMoment
    ? `as they were at ${when}`
    : `as each was when it was read, from ${when} on: MongoDB without a replica set has no single moment`;
  const sentence = `${target}: ${documents} documents, ${blobs} contents (${bytes} bytes), ${how}`;
  if (target === '-') console.error(sentence);
  else
    answer(options, { file: target, documents, blobs, bytes, moment: when, one_moment: moment?.oneMoment }, sentence);
}

function demandWhole(target: string, { missing }: Totals): void {
  if (missing.length === 0) return;
  throw new CommandError(
    `${target} is written, but documents refer to contents that the storage does not have, or not as they were stored (${missing.length}, ` +
      `first ${missing[0]}): an older backup may have them`,
  );
}

async function* noted(
  items: Items,
  take: (moment: Extract<Item, { moment: Date }>) => void,
): Items & AsyncGenerator<Item> {
  for await (const item of items) {
    if ('moment' in item) take(item);
    yield item;
  }
}

/** The progress of one part after the other. */
function parts() {
  let progress: Progress | undefined;
  return {
    begins(part: 'contents' | 'documents', total: number) {
      progress?.end();
      progress = showProgress({ label: 'backing up', unit: part, total });
    },
    passed: (records: number) => progress?.advance(records),
    end: () => progress?.end(),
  };
}
