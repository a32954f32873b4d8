import type { Command } from 'commander';
import type { Keybin } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { showProgress } from '../../terminal/progress.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import { type Context, Interruption } from '../context.ts';
import { Failure } from '../failure.ts';
import { printFields, say } from '../output.ts';
import { connect } from '../session.ts';
import type { Exported } from './format.ts';
import { openSource, type Source } from './source.ts';
import { type Counts, dryStore, storeIn } from './store.ts';

interface Options {
  readonly overwrite?: boolean;
  readonly partial?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly profile?: string;
}

/** Values and characters that are stored together at most. */
const GROUP = { values: 200, characters: 2_000_000 };

/** `keybin import`. */
export function importCommand(context: Context, making: Making): Command {
  return define(
    'import',
    'Stores the values of an export, with type, metadata and expiry; those that have ended meanwhile are left out. What is there already stays as it is, unless --overwrite is given. An import that was interrupted goes on when the same command is given again: how far it came is in FILE.import meanwhile.',
    [
      ['looks what would be done', 'import everything.ndjson --dry-run'],
      ['from another server, without a file', 'export --profile old | keybin import - --profile new'],
    ],
    making,
  )
    .argument('<file>', 'an export, or - for the standard input')
    .option('--overwrite', 'replaces what is there')
    .option('--partial', 'takes an export that is not whole')
    .option('-n, --dry-run', 'stores nothing, says what would be')
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (file: string, options: Options) => {
      const { client, url } = await connect(context, options);
      const source = await openSource(context, file, { url, ...options });
      if (source.done.read > 0) await say(context, `going on behind ${source.done.read} values`);
      let { done } = source;
      try {
        for await (const counts of storeAll(context, client, source, options)) done = counts;
      } catch (error) {
        if (file === '-' || options.dryRun || done.read === 0) throw error;
        const how = `the same command goes on behind the ${done.read} values that are done`;
        if (error instanceof Interruption) throw new Failure(EXIT.interrupted, `interrupted; ${how}`);
        await say(context, `keybin: ${how}`);
        throw error;
      }
      await source.finish();
      if (options.dryRun && !options.json) await say(context, 'nothing was stored; this is what would be:');
      await printFields(context, options, { ...done });
    });
}

/** Stores group after group; gives what is done so far after each. */
async function* storeAll(context: Context, client: Keybin, source: Source, options: Options): AsyncGenerator<Counts> {
  const { signal } = context;
  const { dryRun, overwrite = false } = options;
  const store = await (dryRun ? dryStore : storeIn)(client, { overwrite, signal });
  const progress = showProgress({ label: 'importing', unit: 'values', total: source.total });
  let { done } = source;
  progress.advance(done.read);
  try {
    for await (const { values, end } of groupsOf(source)) {
      signal.throwIfAborted();
      done = added(done, await store(values));
      await source.keep(end, done);
      progress.advance(values.length);
      yield done;
    }
  } finally {
    progress.end();
  }
}

async function* groupsOf(source: Source): AsyncGenerator<{ values: Exported[]; end: number }> {
  let values: Exported[] = [];
  let size = 0;
  let last = 0;
  for await (const { value, end } of source.values) {
    const length = (value.value ?? value.value_base64 ?? '').length;
    if (values.length > 0 && (values.length === GROUP.values || size + length > GROUP.characters)) {
      yield { values, end: last };
      values = [];
      size = 0;
    }
    values.push(value);
    size += length;
    last = end;
  }
  if (values.length > 0) yield { values, end: last };
}

function added(a: Counts, b: Counts): Counts {
  return { read: a.read + b.read, stored: a.stored + b.stored, kept: a.kept + b.kept, expired: a.expired + b.expired };
}
