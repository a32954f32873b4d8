/** What commands print: aligned for a terminal, tabs between the cells for programs, JSON for those that ask. */

import { type Column, renderTable } from '../terminal/table.ts';
import type { Context } from './context.ts';

/** Rows that are aligned with each other, and written at once. */
const BLOCK = 500;

/** How what is printed looks. */
export interface Printing {
  readonly json?: boolean | undefined;
}

/**
 * Prints rows as they come: under titles on a terminal, separated by tabs elsewhere; with `json` one array of what `present` makes of
 * them. `present` is the row itself when it is absent.
 */
export async function printRows<T>(
  { stdout }: Context,
  { json = false }: Printing,
  rows: Iterable<T> | AsyncIterable<T>,
  columns: readonly Column<T>[],
  present: (row: T) => unknown = row => row,
): Promise<void> {
  let first = true;
  const write = async (block: readonly T[]) => {
    if (json)
      await stdout.write(
        block.map((row, i) => `${first && i === 0 ? '[\n' : ',\n'}${JSON.stringify(present(row))}`).join(''),
      );
    else if (!stdout.isTerminal) await stdout.write(renderTable(block, columns, 'tabs'));
    else await stdout.write(renderTable(block, first ? columns : untitled(columns), 'aligned'));
    first = false;
  };
  let block: T[] = [];
  for await (const row of rows) {
    if (block.push(row) < BLOCK) continue;
    await write(block);
    block = [];
  }
  if (block.length > 0) await write(block);
  if (json) await stdout.write(first ? '[]\n' : '\n]\n');
}

/** The titles stand above the first block only. */
function untitled<T>(columns: readonly Column<T>[]): readonly Column<T>[] {
  return columns.map(column => ({ ...column, title: '' }));
}

/** Prints what is known of one thing: a name and a value in each line, or as one JSON object. */
export async function printFields(
  { stdout }: Context,
  { json = false }: Printing,
  fields: Record<string, Field>,
): Promise<void> {
  if (json) return stdout.write(`${JSON.stringify(fields, undefined, stdout.isTerminal ? 2 : undefined)}\n`);
  const rows = Object.entries(fields).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !(value instanceof Date) && !Array.isArray(value)
      ? Object.entries(value).map(([key, text]) => ({ name: `${name}.${key}`, value: text as Field }))
      : [{ name, value }],
  );
  const columns: Column<{ name: string; value: Field }>[] = [
    { title: '', of: ({ name }) => name },
    { title: '', of: ({ value }) => cellOf(value) },
  ];
  const text = renderTable(rows, columns, stdout.isTerminal ? 'aligned' : 'tabs');
  return stdout.write(stdout.isTerminal ? text.replace(/^\n/, '') : text);
}

/** What {@link printFields} takes. */
export type Field =
  | string
  | number
  | boolean
  | Date
  | null
  | undefined
  | readonly string[]
  | Readonly<Record<string, string>>;

function cellOf(value: Field): string | number | boolean | Date | undefined {
  if (value === null || value === undefined) return undefined;
  if (Array.isArray(value)) return value.join(' ');
  return value as string | number | boolean | Date;
}

/** Says something that is not data. */
export function say({ stderr }: Context, text: string): Promise<void> {
  return stderr.write(`${text}\n`);
}
