/** `keybin-server check`: whether the data agrees with itself. */

import { type BlobFault, checkReferences, checkUsage } from '../../core/blobs/check.ts';
import type { Core } from '../../core/context.ts';
import type { IndexFault } from '../../storage/port.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandError } from './command-error.ts';
import { answerRows, type Common, type Define, framed } from './frame.ts';
import { withCore } from './with-core.ts';

interface Options extends Common {
  readonly contents?: true;
  readonly repair?: true;
}

/** What is wrong, and what is to be done about it. */
interface Row {
  readonly what: string;
  readonly where: string;
  readonly does: string;
}

/** Adds the command. */
export const define: Define = program => {
  const check = program
    .command('check')
    .description('whether indexes, references to contents, and sums are as the documents say; 3 when something is not')
    .option('--contents', 'also read every content, and compare its hash')
    .option('--repair', 'put right what can be: indexes and sums');
  framed(check, [
    ['check', 'Changes nothing, and says what --repair would do.'],
    ['check --contents --json', 'Reads all contents too; for a program.'],
  ]).action((options: Options) =>
    withCore(options, async core => {
      const found = await answerRows(options, faultsOf(core, options), [
        { title: 'WHAT', of: row => row.what },
        { title: 'WHERE', of: row => row.where },
        { title: options.repair ? 'DONE' : 'TO DO', of: row => row.does },
      ]);
      if (core.storage.checkIndexes(false) === undefined) {
        console.error('the indexes of MongoDB are its own: validate() of mongosh compares them with the documents');
      }
      if (found === 0) return console.error('everything is as it must be');
      const next = options.repair ? 'check once more' : 'what says so is put right by check --repair';
      throw new CommandError(`things that are not as they must be: ${found}; ${next}`, EXIT.absent);
    }),
  );
};

async function* faultsOf(core: Core, options: Options): AsyncGenerator<Row> {
  const [contents, repair] = [options.contents === true, options.repair === true];
  for await (const fault of core.storage.checkIndexes(repair) ?? []) yield ofIndex(fault, repair);
  for await (const fault of checkUsage(core, repair)) yield ofBlob(fault, repair);
  for await (const fault of checkReferences(core, { contents })) yield ofBlob(fault, repair);
}

function ofIndex({ collection, index, missing, stray }: IndexFault, repair: boolean): Row {
  const where = `${collection}/${index}: ${missing} missing, ${stray} stray`;
  return { what: 'index', where, does: repair ? 'built anew' : '--repair builds it anew' };
}

function ofBlob(fault: BlobFault, repair: boolean): Row {
  if (fault.kind === 'usage') {
    const where = `account ${fault.account}, ${fault.scope === '' ? 'all scopes' : fault.scope}`;
    return { what: fault.kind, where, does: repair ? 'counted again' : '--repair counts again' };
  }
  const where = 'account' in fault ? `account ${fault.account}, ${fault.sha256}` : fault.sha256;
  return { what: fault.kind, where, does: 'a backup may have it' };
}
