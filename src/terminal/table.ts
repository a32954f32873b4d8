/** A column of a table. */
export interface Column<T> {
  readonly title: string;
  /** What stands in a cell; undefined: nothing. */
  readonly of: (row: T) => string | number | Date | boolean | undefined;
}

/**
 * Rows as lines: `aligned` under titles, for people; with `tabs` between the cells and without titles, for programs. What would move
 * the cursor, or turn the direction of the text, is shown as an escape.
 */
export function renderTable<T>(rows: readonly T[], columns: readonly Column<T>[], form: 'aligned' | 'tabs'): string {
  const cells = rows.map(row => columns.map(column => cellOf(column.of(row))));
  if (form === 'tabs') return cells.map(line => `${line.join('\t')}\n`).join('');
  if (rows.length === 0) return '';
  const lines = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, at) => Math.max(...lines.map(line => line[at]?.length ?? 0)));
  return lines
    .map(
      line =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cellOf(value: string | number | Date | boolean | undefined): string {
  if (value === undefined) return '-';
  if (value instanceof Date) return value.toISOString().replace(/\.\d+Z$/, 'Z');
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number' ? String(value) : printable(value);
}

/** A text that stays on its line and in its place, whoever wrote it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, character => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}
