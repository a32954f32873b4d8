/** `PUT` and `DELETE` of values (v2.md, section 2). */

import type { Context } from 'koa';
import { AppError, InvalidInputError, StorageUnavailableError } from '../../../base/errors.ts';
import { checkV2PathKey } from '../../../base/names.ts';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Core } from '../../../core/context.ts';
import { changeEntry } from '../../../core/entries/change/change.ts';
import { findEntry } from '../../../core/entries/entries.ts';
import { filteredKey } from '../../../core/entries/filtered.ts';
import { type Arrived, arrive, demandFresh, hashOf, letGo, SHORT } from '../../../core/entries/raw/arrive.ts';
import { type Conditions, demandConditions } from '../../../core/entries/raw/conditions.ts';
import { filteredArrival } from '../../../core/entries/raw/filtered.ts';
import type { Said } from '../../../core/entries/raw/form.ts';
import { deleteStep, type Outcome, putStep } from '../../../core/entries/raw/steps.ts';
import { demandRoom } from '../../../core/quotas/quotas.ts';
import { allowSlowBody } from '../../../http/edge/body-time.ts';
import { drain } from '../../../http/edge/drain.ts';
import type { Params } from '../../../http/routing.ts';
import { demandWrite } from '../endpoint.ts';
import { idempotencyOf, type Record } from '../idempotency.ts';
import { namingHeaders } from './info.ts';
import { conditionsOf, expiryOf, metaSent, saidOf } from './sent.ts';

/** Milliseconds a long body may be silent for. */
const SILENCE = 60_000;

/** How much of a refused body is read before the answer. */
const REST = { bytes: 67_108_864, ms: 15_000 };

/** A value as a request wants it stored, without its bytes. */
interface Wanted {
  readonly accountId: string;
  readonly key: string;
  readonly conditions: Conditions;
  readonly expiresAt: Date | undefined;
  readonly said: Said;
  readonly meta: string | undefined;
  /** Most bytes. */
  readonly limit: number;
}

/** Stores a value. */
export async function putValue(core: Core, limit: number, ctx: Context, caller: TokenCaller, { key = '' }: Params) {
  demandWrite(caller, key);
  checkV2PathKey(key);
  const wanted = {
    accountId: caller.accountId,
    key,
    conditions: conditionsOf(ctx),
    expiresAt: expiryOf(ctx, core.clock.now()),
    said: saidOf(ctx),
    meta: metaSent(ctx),
    limit,
  };
  const idempotency = idempotencyOf(core, ctx, caller);
  try {
    if (await idempotency.answered()) {
      const hash = await hashOf(bodyOf(ctx), limit);
      return await idempotency.answer(hash, async () => {
        throw new StorageUnavailableError('the answer that was kept has just ended: send the request again');
      });
    }
    const arrived = await arrival(core, ctx, wanted);
    let isStored = false;
    try {
      await idempotency.answer(arrived.sha256, async record => {
        const outcome = await store(core, wanted, arrived, record);
        isStored = await isKept(core, wanted, arrived).catch(() => true);
        return answerFor(outcome);
      });
    } finally {
      if (!isStored) letGo(core, caller.accountId, arrived);
    }
  } catch (error) {
    // Before the client has sent the rest it would see a broken pipe.
    if (error instanceof AppError && !(await drain(ctx.req, REST))) ctx.set('Connection', 'close');
    throw error;
  }
}

/** Removes a value. */
export async function deleteValue(core: Core, ctx: Context, caller: TokenCaller, { key: given = '' }: Params) {
  demandWrite(caller, given);
  checkV2PathKey(given);
  const conditions = conditionsOf(ctx);
  const { accountId } = caller;
  const key = core.plugins.filters('entries.delete') ? await filteredKey(core, accountId, given) : given;
  await changeEntry(core, accountId, deleteStep(key, conditions));
  ctx.status = 204;
}

/** Takes the body in, unless it is clear already that nothing would come of it. */
async function arrival(core: Core, ctx: Context, wanted: Wanted): Promise<Arrived> {
  const { accountId, key, conditions, said, limit } = wanted;
  const before = await findEntry(core, accountId, key);
  demandConditions(conditions, before);
  const length = ctx.req.headers['content-length'];
  const announced = length === undefined ? undefined : Number(length);
  const growth = (size: number) => ({ bytes: size - (before?.size ?? 0), keys: before ? 0 : 1 });
  if (announced !== undefined && announced > SHORT && announced <= limit) {
    await demandRoom(core, accountId, growth(announced));
    allowSlowBody(ctx.req, SILENCE);
  }
  const accept = async (size: number) => {
    demandConditions(conditions, await findEntry(core, accountId, key));
    await demandRoom(core, accountId, growth(size));
  };
  return arrive(core, accountId, bodyOf(ctx), { said, limit, announced, accept });
}

async function store(core: Core, given: Wanted, arrived: Arrived, record: Record): Promise<Outcome> {
  const { accountId, conditions, meta, limit } = given;
  const filters = core.plugins.filters('entries.set');
  const { key, said, expiresAt, value } = filters
    ? await filteredArrival(core, accountId, { ...given, value: arrived }, limit)
    : { ...given, value: arrived };
  const content = {
    ...value.held,
    content_type: said.contentType,
    ...(said.contentEncoding !== undefined && { content_encoding: said.contentEncoding }),
    ...(meta !== undefined && { meta }),
    ...(expiresAt && { expires_at: expiresAt }),
  };
  const step = putStep(accountId, key, content, conditions, () => demandFresh(core, value));
  try {
    return await changeEntry(core, accountId, { ...step, also: outcome => record(answerFor(outcome)) });
  } catch (error) {
    if (value !== arrived) letGo(core, accountId, value);
    throw error;
  }
}

/** Whether the content that arrived is the value now: another one may have taken its place in the same commit. */
async function isKept(core: Core, { accountId, key }: Wanted, { held }: Arrived): Promise<boolean> {
  return held.blob === undefined || (await findEntry(core, accountId, key))?.blob === held.blob;
}

function answerFor({ status, entry }: Outcome) {
  return { status, headers: entry === undefined ? {} : namingHeaders(entry), body: '' };
}

/** The bytes as they come, whatever their coding. Throws `InvalidInputError` (code `body_incomplete`). */
async function* bodyOf({ req }: Context): AsyncGenerator<Buffer> {
  try {
    // To destroy the request would be to close the connection, and there is an answer to be sent.
    yield* req.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw new InvalidInputError('the body was cut off', { code: 'body_incomplete', cause });
  }
}
