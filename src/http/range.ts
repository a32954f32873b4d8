import type { Context } from 'koa';
import { RangeNotSatisfiableError } from '../base/errors.ts';

/** Bytes of a content, both ends included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** `bytes=5-9`, `bytes=5-`, `bytes=-5`. */
const ONE_RANGE = /^bytes= *(?:(\d+)-(\d*)|-(\d+)) *$/i;

/**
 * The part of a content that a request asks for (RFC 9110, section 14); undefined: all of it. That is also the answer to several
 * ranges at once, to what is no range, to an `If-Range` that names another content, and to any range of an empty content: a
 * client that always asks for a range is to get that as well. Throws `RangeNotSatisfiableError`.
 */
export function rangeOf(ctx: Context, { size, etag }: { size: number; etag: string }): ByteRange | undefined {
  if (ctx.method !== 'GET' || size === 0) return undefined;
  const range = ONE_RANGE.exec(ctx.get('Range'));
  if (range === null) return undefined;
  const condition = ctx.get('If-Range');
  if (condition !== '' && condition !== etag) return undefined;
  const [, first, last, suffix] = range;
  if (suffix !== undefined) return ofSuffix(Number(suffix), size);
  const start = Number(first);
  const end = last === '' ? size - 1 : Number(last);
  if (last !== '' && start > end) return undefined;
  if (start >= size) throw new RangeNotSatisfiableError(size);
  return { start, end: Math.min(end, size - 1) };
}

function ofSuffix(length: number, size: number): ByteRange {
  if (length === 0) throw new RangeNotSatisfiableError(size);
  return { start: Math.max(0, size - length), end: size - 1 };
}
