/**
 * What an export is: a line of JSON for each value, as `GET /v2/kv?values=1` has it; before them a header, between them marks, from
 * which a broken export goes on, and at the end how many there are. Without that line it is not whole.
 */

/** The first line. */
export interface Header {
  /** Version of the format. */
  readonly keybin_export: 1;
  readonly server: string;
  readonly prefix: string;
  readonly at: string;
}

/** A value. */
export interface Exported {
  readonly key: string;
  readonly content_type?: string;
  readonly content_encoding?: string;
  readonly expires_at?: string | null;
  readonly meta?: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly value_base64?: string;
}

/** Where the list goes on. */
export interface Mark {
  readonly cursor: string;
  readonly count: number;
}

/** The last line. */
export interface Trailer {
  readonly complete: true;
  readonly count: number;
}

/** Any of them. */
export type Item = Header | Exported | Mark | Trailer;

/** A line, or undefined when it is none of an export. */
export function itemOf(text: string): Item | undefined {
  try {
    const item = JSON.parse(text) as Record<string, unknown>;
    const isOther = item.keybin_export === 1 || item.complete === true || typeof item.cursor === 'string';
    return isOther || isExported(item) ? (item as unknown as Item) : undefined;
  } catch {
    return undefined;
  }
}

function isExported({ key, value, value_base64 }: Record<string, unknown>): boolean {
  return typeof key === 'string' && (typeof value === 'string') !== (typeof value_base64 === 'string');
}
