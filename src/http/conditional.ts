import type { Context } from 'koa';
import { PreconditionFailedError } from '../base/errors.ts';

/** One entity tag as RFC 9110, section 8.8.3, writes it. */
const TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;

/**
 * What `If-Match` and `If-None-Match` make of a request (RFC 9110, section 13.2.2): whether the client has the content already,
 * so that a GET or HEAD is to be answered by `answerNotModified`. To be called where the request would succeed, before its
 * range is looked at. `etag` is that of the content, undefined where there is none. There are no times of change to compare:
 * `If-Modified-Since` and `If-Unmodified-Since` mean nothing, as the RFC has it then. Throws `PreconditionFailedError`.
 */
export function hasAlready(ctx: Context, etag: string | undefined): boolean {
  const { 'if-match': wanted, 'if-none-match': known } = ctx.req.headers;
  if (wanted !== undefined && !names(wanted, etag, isSame)) throw new PreconditionFailedError(etag);
  if (known === undefined || !names(known, etag, isAlike)) return false;
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') throw new PreconditionFailedError(etag);
  return true;
}

/** 304: the client has this content. */
export function answerNotModified(ctx: Context, etag: string): void {
  ctx.status = 304;
  ctx.set('ETag', etag);
}

/** Whether a list of tags names the content; `*` names any that is there. What is no tag names nothing. */
function names(list: string, etag: string | undefined, fits: (one: string, other: string) => boolean): boolean {
  if (etag === undefined) return false;
  return list.trim() === '*' || (list.match(TAG) ?? []).some(tag => fits(tag, etag));
}

/** Strong comparison: byte for byte the same. */
function isSame(one: string, other: string): boolean {
  return one === other && !one.startsWith('W/');
}

/** Weak comparison: as good as the same. */
function isAlike(one: string, other: string): boolean {
  return one.replace(/^W\//, '') === other.replace(/^W\//, '');
}
