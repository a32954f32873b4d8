import type { Command } from 'commander';
import type { Keybin } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { showProgress } from '../../terminal/progress.ts';
import { define, type Making, profileOption } from '../command.ts';
import { type Context, Interruption } from '../context.ts';
import { Failure } from '../failure.ts';
import { say } from '../output.ts';
import { connect } from '../session.ts';
import { openTarget, type Target } from './target.ts';

/** Entries of a page at most. */
const PAGE = 1000;

/** A page as the API has it. */
interface Page {
  readonly keys: readonly object[];
  readonly cursor?: string;
}

/** `keybin export`. */
export function exportCommand(context: Context, making: Making): Command {
  return define(
    'export',
    'Writes values, with all that keybin import needs, as a line of JSON each. One with --output that was interrupted goes on when the same command is given again; so does one that the shell wrote into the file.',
    [
      ['everything, into a file', 'export -o everything.ndjson'],
      ['what lies below photos/, packed', 'export photos/ | gzip > photos.ndjson.gz'],
    ],
    making,
  )
    .argument('[prefix]', 'what the keys begin with', '')
    .option('-o, --output <file>', 'writes into a file, and goes on with one that is not whole')
    .addOption(profileOption())
    .action(async (prefix: string, options: { output?: string; profile?: string }) => {
      const { client, url } = await connect(context, options);
      const header = { keybin_export: 1, server: url, prefix, at: new Date().toISOString() } as const;
      const target = await openTarget(context, options.output, header);
      if (target.mark) await say(context, `going on behind ${target.mark.count} values`);
      try {
        const count = await writeAll(context, client, prefix, target);
        await say(context, `exported ${count} ${count === 1 ? 'value' : 'values'}`);
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        const how = options.output === undefined ? 'with -o FILE it could go on' : 'the same command goes on';
        throw new Failure(EXIT.interrupted, `interrupted, and not whole; ${how}`);
      } finally {
        await target.close();
      }
    });
}

/** Writes page after page; gives how many values there are in all. */
async function writeAll({ signal }: Context, client: Keybin, prefix: string, target: Target): Promise<number> {
  let { cursor, count = 0 }: { cursor?: string | undefined; count?: number } = target.mark ?? {};
  const total = prefix === '' ? (await client.limits({ signal })).keys : undefined;
  const progress = showProgress({ label: 'exporting', unit: 'values', total });
  progress.advance(count);
  try {
    do {
      const query = { prefix, values: 1, limit: PAGE, cursor };
      const page = (await (await client.request('GET', '/v2/kv', { query, signal })).json()) as Page;
      count += page.keys.length;
      cursor = page.cursor;
      const mark = cursor === undefined ? { complete: true, count } : { cursor, count };
      await target.write([...page.keys, mark].map(item => `${JSON.stringify(item)}\n`).join(''));
      progress.advance(page.keys.length);
    } while (cursor !== undefined);
    return count;
  } finally {
    progress.end();
  }
}
