import type { Command } from 'commander';
import type { Entry, Keybin, Page } from '../../client/index.ts';
import type { Column } from '../../terminal/table.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { count } from '../durations.ts';
import { printRows } from '../output.ts';
import { connect } from '../session.ts';

interface Options {
  readonly long?: boolean;
  readonly folders?: boolean;
  readonly limit?: number;
  readonly json?: boolean;
  readonly profile?: string;
}

/** A key, or a folder of keys. */
type Row = Entry | { readonly prefix: string };

/** Entries of a page at most. */
const MOST = 1000;

const nameOf = (row: Row) => ('key' in row ? row.key : row.prefix);

const KEY: Column<Row> = { title: 'KEY', of: nameOf };
const LONG: readonly Column<Row>[] = [
  KEY,
  { title: 'SIZE', of: row => ('key' in row ? row.size : undefined) },
  { title: 'UPDATED', of: row => ('key' in row ? (row.updatedAt ?? undefined) : undefined) },
  { title: 'EXPIRES', of: row => ('key' in row ? (row.expiresAt ?? undefined) : undefined) },
  { title: 'TYPE', of: row => ('key' in row ? row.contentType : undefined) },
];

/** `keybin ls`. */
export function ls(context: Context, making: Making): Command {
  return define(
    'ls',
    'Lists keys in the order of their bytes, those that the token can read: all, or those that begin with a prefix.',
    [
      ['lists keys below photos/ with what is known of them', 'ls photos/ --long'],
      ['lists what lies directly below photos/, as a folder', 'ls photos/ --folders'],
    ],
    making,
  )
    .argument('[prefix]', 'what the keys begin with', '')
    .option('-l, --long', 'with size, times (UTC) and content type')
    .option('-d, --folders', 'what lies behind the next slash is one line, which ends with it')
    .option('--limit <count>', 'so many at most', count)
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (prefix: string, options: Options) => {
      const { client } = await connect(context, options);
      const rows = rowsOf(client, prefix, options, context.signal);
      await printRows(context, options, rows, options.long ? LONG : [KEY], present);
    });
}

async function* rowsOf(client: Keybin, prefix: string, options: Options, signal: AbortSignal): AsyncGenerator<Row> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  const separator = options.folders ? '/' : undefined;
  for (let cursor: string | undefined; ; ) {
    const page = await client.list({ prefix, separator, limit: Math.min(left, MOST), cursor, signal });
    yield* merged(page);
    left -= page.keys.length + page.prefixes.length;
    cursor = page.cursor;
    if (cursor === undefined || left <= 0) return;
  }
}

/** Keys and folders, in the order of their bytes: they are ASCII. */
function merged({ keys, prefixes }: Page): Row[] {
  if (prefixes.length === 0) return keys;
  const rows: Row[] = [...keys, ...prefixes.map(prefix => ({ prefix }))];
  return rows.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function present(row: Row): unknown {
  if ('prefix' in row) return row;
  const { key, etag, size, contentType, updatedAt, expiresAt } = row;
  return { key, etag, size, content_type: contentType, updated_at: updatedAt, expires_at: expiresAt };
}
