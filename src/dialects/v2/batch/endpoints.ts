/** `POST /v2/batch`: several changes, all or none (v2.md, section 3). */

import type { Context } from 'koa';
import type { TokenCaller } from '../../../core/access/callers.ts';
import type { Core } from '../../../core/context.ts';
import { type BatchOutcome, changeBatch, demandBatches } from '../../../core/entries/raw/batch.ts';
import { sha256Hex } from '../../../core/ids.ts';
import { answerJson } from '../../../http/answer.ts';
import { bytesReader } from '../../../http/body/body.ts';
import { bodyOf } from '../../../http/pieces.ts';
import type { DialectDeps } from '../../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { idempotencyOf, type Record } from '../idempotency.ts';
import { BATCH_BYTES } from '../numbers.ts';
import type { V2Settings } from '../settings.ts';
import { answerFor, answerText, demandAnswerable } from './answer.ts';
import { readOps } from './read.ts';
import { answerSchema, batchSchema } from './schema.ts';
import { letGoOf, stepsOf } from './steps.ts';

const readBytes = bytesReader(BATCH_BYTES);

/** The route of batches. */
export function batchEndpoints({ core, settings }: DialectDeps<V2Settings>): Endpoint[] {
  return [
    {
      method: 'POST',
      path: '/v2/batch',
      right: 'none',
      summary: 'Reads, changes and checks up to 500 keys, all or none. Each operation needs the right to its key.',
      idempotent: true,
      body: batchSchema,
      answers: {
        200: { description: 'What became of each operation, in their order.', schema: answerSchema },
        409: { description: 'An operation failed (`batch_failed`), and nothing was changed.' },
        501: { description: 'The engine has no transactions (`batch_unsupported`).' },
      },
      handle: (ctx, caller) => batch(core, ctx, caller, settings().value_bytes),
    },
  ];
}

async function batch(core: Core, ctx: Context, caller: TokenCaller, limit: number): Promise<void> {
  demandBatches(core);
  const idempotency = idempotencyOf(core, ctx, caller);
  const isKept = ctx.req.headers['idempotency-key'] !== undefined;
  const source = await readBytes(ctx);
  const ops = await readOps(ctx, caller, source);

  async function change(record: Record): Promise<BatchOutcome[]> {
    const { steps, arrived } = await stepsOf(core, caller, ops, limit);
    let isStored = false;
    try {
      const outcomes = await changeBatch(core, caller.accountId, steps, found => {
        demandAnswerable(ops, found, isKept);
        return isKept ? record(answerFor(ops, found)) : undefined;
      });
      isStored = true;
      return outcomes;
    } finally {
      if (!isStored) letGoOf(core, caller, arrived);
    }
  }

  if (isKept) {
    await idempotency.answer(sha256Hex(source), async record => answerFor(ops, await change(record)));
    return;
  }
  const body = await bodyOf(answerText(core, ops, await change(() => undefined)));
  if (typeof body === 'string') return answerJson(ctx, body);
  ctx.type = 'json';
  ctx.body = body;
}
