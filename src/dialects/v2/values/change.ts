/** `POST /v2/touch/{key}` and `POST /v2/incr/{key}` (v2.md, section 2). */

import type { Context } from 'koa';
import { z } from 'zod';
import { checkV2PathKey } from '../../../base/names.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Core } from '../../../core/context.ts';
import { countEntry, touchEntry } from '../../../core/entries/raw/small.ts';
import type { Touched } from '../../../core/entries/raw/small-change.ts';
import type { Outcome } from '../../../core/entries/raw/steps.ts';
import { sha256Hex } from '../../../core/ids.ts';
import { asObject, bytesReader, jsonOf } from '../../../http/body/body.ts';
import type { Params } from '../../../http/routing.ts';
import { demandRead, demandWrite } from '../endpoint.ts';
import { idempotencyOf } from '../idempotency.ts';
import { readInput } from '../input.ts';
import { infoOf, namingHeaders } from './info.ts';
import { conditionsOf, ttlSchema } from './sent.ts';

const LIMITS = { bytes: 16_384, depth: 100, values: 1_000 };

const exact = z.int({ error: 'expected an integer of at most 2^53 - 1' });

export const touchSchema = z.object({ ttl: ttlSchema.nullable().describe('seconds; null: never') });
export const countSchema = z.object({ by: exact.optional(), initial: exact.optional(), ttl: ttlSchema.optional() });

const readBytes = bytesReader(LIMITS.bytes);

/** Gives a value another moment to end. */
export async function touchValue(core: Core, ctx: Context, caller: TokenCaller, { key = '' }: Params): Promise<void> {
  demandWrite(caller, key);
  checkV2PathKey(key);
  const conditions = conditionsOf(ctx);
  const idempotency = idempotencyOf(core, ctx, caller);
  const bytes = await readBytes(ctx);
  const { ttl } = readInput(touchSchema, asObject(await jsonOf(ctx, bytes, LIMITS)));
  await idempotency.answer(sha256Hex(bytes), async record => {
    const change = { key, conditions, also: (outcome: Touched) => record(answerFor(outcome)) };
    return answerFor(await touchEntry(core, caller.accountId, change, ttl));
  });
}

/** Counts in a value. */
export async function countValue(core: Core, ctx: Context, caller: TokenCaller, { key = '' }: Params): Promise<void> {
  demandRead(caller, key);
  demandWrite(caller, key);
  checkV2PathKey(key);
  const conditions = conditionsOf(ctx);
  const idempotency = idempotencyOf(core, ctx, caller);
  const bytes = await readBytes(ctx);
  const given = bytes.length === 0 ? {} : asObject(await jsonOf(ctx, bytes, LIMITS));
  const { by = 1, initial = 0, ttl } = readInput(countSchema, given);
  await idempotency.answer(sha256Hex(bytes), async record => {
    const change = { key, conditions, also: (outcome: Required<Outcome>) => record(answerFor(outcome)) };
    return answerFor(await countEntry(core, caller.accountId, change, { by, initial, ttl }));
  });
}

function answerFor({ status, entry, sum }: Touched & Pick<Outcome, 'sum'>) {
  const counted = sum === undefined ? {} : { value: sum };
  return { status, headers: namingHeaders(entry), body: JSON.stringify({ ...counted, ...infoOf(entry) }) };
}
