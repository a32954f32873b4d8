/** `keybin-server verify`: is a backup whole, and does it hold together? */

import { collections } from '../../../app.ts';
import { readBackup } from '../../../keep/file/read.ts';
import { verifyBackup } from '../../../keep/verify.ts';
import { CommandError } from '../command-error.ts';
import { answer, type Common, type Define, framed } from '../frame.ts';
import { sourceOf } from './source.ts';

/** Adds the command. */
export const define: Define = program => {
  const command = program
    .command('verify')
    .description('read all of a backup, and check every count, hash and reference in it')
    .argument('<file>', 'a backup; - is the standard input');
  framed(command, [
    ['verify /var/backups/keybin/keybin-2026-01-31T03-00-00Z.ndjson.gz', 'Could it be restored?'],
    ['verify - < keybin.ndjson.gz --json', 'The same, for a program.'],
  ]).action(verify);
};

async function verify(file: string, options: Common): Promise<void> {
  const source = await sourceOf(file, 'verifying');
  try {
    const backup = await readBackup(source.bytes);
    const { problems, moment, oneMoment, ...counts } = await verifyBackup(backup, collections);
    source.end();
    const { keybin, engine, excluded } = backup.manifest;
    for (const problem of problems) console.error(problem);
    if (problems.length > 0)
      throw new CommandError(`${file} is as it was written, but does not hold together: see above`);
    const { documents, blobs, bytes } = counts;
    const without = excluded.length === 0 ? '' : `, without ${excluded.join(', ')}`;
    const when = moment === undefined ? '' : `, of ${moment.toISOString()}`;
    const name = file === '-' ? 'the backup' : file;
    const sentence = `${name} is whole: ${documents} documents, ${blobs} contents (${bytes} bytes)${without}${when}, written by Keybin ${keybin}`;
    answer(options, { ...counts, moment, one_moment: oneMoment, keybin, engine, excluded }, sentence);
  } finally {
    source.end();
  }
}
