/** `GET` and `HEAD` of values, and what is known of them (v2.md, section 2). */

import type { Context } from 'koa';
import { NotFoundError } from '../../../base/errors.ts';
import { checkV2PathKey } from '../../../base/names.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { EntryDoc } from '../../../core/collections.ts';
import type { Core } from '../../../core/context.ts';
import { bytesOf, openLong } from '../../../core/entries/content.ts';
import { findEntry, keyNotFound } from '../../../core/entries/entries.ts';
import { type Conditions, demandMatch, isKnown } from '../../../core/entries/raw/conditions.ts';
import { representationOf } from '../../../core/entries/raw/representation.ts';
import { answerJson } from '../../../http/answer.ts';
import { rangeOf } from '../../../http/range.ts';
import type { Params } from '../../../http/routing.ts';
import { demandRead } from '../endpoint.ts';
import { infoOf, namingHeaders, setHeaders } from './info.ts';
import { conditionsOf } from './sent.ts';

/** How often a value is looked up again that was replaced while it was opened. */
const TRIES = 5;

/** Answers with the bytes of a value, or with a part of them. */
export async function readValue(core: Core, ctx: Context, caller: TokenCaller, { key = '' }: Params): Promise<void> {
  demandReadable(caller, key);
  const conditions = conditionsOf(ctx);
  for (let left = TRIES; ; left--) {
    const entry = await found(core, ctx, caller, key, conditions);
    if (entry === undefined) return;
    try {
      await answer(core, ctx, entry);
      return;
    } catch (error) {
      // Its content went because another value has taken its place.
      if (!(error instanceof NotFoundError) || left === 0) throw error;
    }
  }
}

/** Answers with what is known of a value. */
export async function readInfo(core: Core, ctx: Context, caller: TokenCaller, { key = '' }: Params): Promise<void> {
  demandReadable(caller, key);
  const entry = await found(core, ctx, caller, key, conditionsOf(ctx));
  if (entry === undefined) return;
  ctx.set(namingHeaders(entry));
  answerJson(ctx, JSON.stringify(infoOf(entry)));
}

function demandReadable(caller: TokenCaller, key: string): void {
  demandRead(caller, key);
  checkV2PathKey(key);
}

/** The entry; undefined when the client has it, and was told so. Throws `NotFoundError`, `PreconditionFailedError`. */
async function found(
  core: Core,
  ctx: Context,
  { accountId }: TokenCaller,
  key: string,
  conditions: Conditions,
): Promise<EntryDoc | undefined> {
  const entry = await findEntry(core, accountId, key);
  demandMatch(conditions, entry);
  if (entry === undefined) throw keyNotFound();
  if (!isKnown(conditions, entry)) return entry;
  ctx.status = 304;
  ctx.set(namingHeaders(entry));
  return undefined;
}

async function answer(core: Core, ctx: Context, entry: EntryDoc): Promise<void> {
  const { content, contentType, size, etag } = representationOf(entry);
  const range = rangeOf(ctx, { size, etag });
  const isHead = ctx.method === 'HEAD';
  const body =
    content.kind === 'long'
      ? isHead || (await openLong(core, content, range))
      : bytesOf(content).subarray(range?.start ?? 0, range && range.end + 1);
  ctx.status = range ? 206 : 200;
  setHeaders(ctx, entry, contentType);
  if (range) ctx.set('Content-Range', `bytes ${range.start}-${range.end}/${size}`);
  ctx.set('Content-Length', String(range ? range.end + 1 - range.start : size));
  if (!isHead && typeof body === 'object') ctx.body = body;
}
