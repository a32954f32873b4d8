/** `keybin-server restore`: a backup into an empty storage, of whichever engine. */

import { collections } from '../../../app.ts';
import { readBackup } from '../../../keep/file/read.ts';
import { fillStore } from '../../../keep/fill-store.ts';
import { documentsIn } from '../../../keep/items.ts';
import { EXIT } from '../../../terminal/exit-codes.ts';
import { CommandError } from '../command-error.ts';
import { answer, type Common, type Define, framed } from '../frame.ts';
import { readConfig } from '../with-core.ts';
import { demandSealed, sourceOf } from './source.ts';
import { optionsFor, withStore } from './store.ts';

interface Options extends Common {
  readonly to?: string;
  readonly database?: string;
}

/** Adds the command. */
export const define: Define = (program, running) => {
  const command = program
    .command('restore')
    .description('put a backup into an empty storage; interrupted, it goes on')
    .argument('<file>', 'a backup; - is the standard input')
    .option('--to <host>', 'file:FOLDER or mongodb://HOST:PORT/; else [STORE] host')
    .option('--database <name>', 'the MongoDB database; else [STORE] database');
  framed(command, [
    ['restore keybin.ndjson.gz --to file:/srv/keybin', 'Into a new data folder.'],
    ['restore keybin.ndjson.gz --to mongodb://db:27017/', 'Into an empty database of MongoDB.'],
  ]).action((file: string, options: Options) => running.stoppable(stopping => restore(file, options, stopping)));
};

async function restore(file: string, options: Options, stopping: AbortSignal): Promise<void> {
  const config = await readConfig(options);
  const target = optionsFor(config, { host: options.to, database: options.database }, 'fill');
  if (file !== '-') await demandSealed(file);
  const source = await sourceOf(file, 'restoring');
  try {
    const { manifest, items } = await readBackup(source.bytes);
    const { where, totals } = await withStore(target, async storage => {
      const filled = await fillStore(storage, collections, items, { copy: manifest.id, stopping });
      return { where: storage.description, totals: filled };
    });
    source.end();
    const { blobs, bytes, missing } = totals;
    const documents = documentsIn(totals);
    const sentence = `${documents} documents and ${blobs} contents (${bytes} bytes) are in: ${where}`;
    answer(options, { documents, blobs, bytes, missing: missing.length }, sentence);
    if (manifest.excluded.length > 0) console.error(`the backup was made without ${manifest.excluded.join(', ')}`);
    if (missing.length > 0) console.error(`${missing.length} contents were missing already when the backup was made`);
  } catch (error) {
    if (!stopping.aborted) throw error;
    throw new CommandError('the restore was interrupted: the same command goes on where it stopped', EXIT.interrupted);
  } finally {
    source.end();
  }
}
