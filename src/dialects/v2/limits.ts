/** `GET /v2/limits`: what an account may, what it uses of that, and what the engine can do (v2.md, section 6). */

import { z } from 'zod';
import { HISTORY_MS } from '../../core/entries/change/commit.ts';
import { usageOf } from '../../core/quotas/meters.ts';
import { answerJson } from '../../http/answer.ts';
import type { DialectDeps } from '../dialect.ts';
import type { Endpoint } from './endpoint.ts';
import {
  BATCH_BYTES,
  BATCH_OPS,
  IDEMPOTENCY_HOURS,
  KEY_BYTES,
  LIST_LIMIT,
  LIST_VALUE_BYTES,
  META_BYTES,
} from './numbers.ts';
import { queryOf } from './query.ts';
import type { V2Settings } from './settings.ts';

const count = z.number().int();

const LIMITS = z.object({
  value_bytes: count.describe('Longest value, in bytes.'),
  key_bytes: count.describe('Longest key, in bytes.'),
  meta_bytes: count.describe('Names and values of the metadata of a value together, in bytes.'),
  account_keys: count.describe('Keys that the account may have, with the items of the other APIs; 0: any number.'),
  account_bytes: count.describe('Bytes that they may have together; 0: any number.'),
  keys: count.describe('How many keys the account has, true to a minute.'),
  bytes: count.describe('How many bytes they have together, true to a minute.'),
  batch_ops: count.describe('Operations of a batch.'),
  batch_bytes: count.describe('Bytes of its body.'),
  list_limit: count.describe('Entries of a page of a list.'),
  list_value_bytes: count.describe('Bytes of the values on a page of a list.'),
  followers: count.describe('Requests of the account that may follow its changes at once, in each process.'),
  all_followers: count.describe('The same of all accounts together.'),
  requests_per_minute: count.describe('Requests of the account in a minute, in all processes together; 0: any number.'),
  idempotency_hours: count.describe('Hours for which the answer to an Idempotency-Key is kept; 0: none is taken.'),
  history_seconds: count.describe(
    'Seconds that the history of the changes reaches back, on MongoDB no further than its oplog; 0: there is none.',
  ),
  token_default_ttl: count.describe('Seconds that a token lives when its maker does not say.'),
  token_max_ttl: count.describe('Most seconds that it can live.'),
  atomic_batch: z.boolean().describe('Whether POST /v2/batch is served.'),
  change_feed: z.boolean().describe('Whether GET /v2/changes is served.'),
});

const QUERY = z.object({});

/** The route of limits. */
export function limitEndpoints({ core, settings }: DialectDeps<V2Settings>): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/v2/limits',
      right: 'none',
      summary: 'Every limit in force, what is used of it, and what the engine can do.',
      query: QUERY,
      answers: { 200: { description: 'The limits.', schema: LIMITS } },
      handle: async (ctx, { accountId }) => {
        queryOf(ctx, QUERY);
        const { value_bytes, followers, all_followers, requests_per_minute, ...more } = settings();
        const { account_keys, account_bytes, default_ttl, max_ttl } = more;
        const { keys, bytes } = await usageOf(core, accountId);
        const { atomicCommit: isAtomic, changes } = core.storage;
        const limits: z.infer<typeof LIMITS> = {
          value_bytes,
          key_bytes: KEY_BYTES,
          meta_bytes: META_BYTES,
          account_keys,
          account_bytes,
          keys,
          bytes,
          batch_ops: BATCH_OPS,
          batch_bytes: BATCH_BYTES,
          list_limit: LIST_LIMIT,
          list_value_bytes: LIST_VALUE_BYTES,
          followers,
          all_followers,
          requests_per_minute,
          idempotency_hours: isAtomic ? IDEMPOTENCY_HOURS : 0,
          history_seconds: changes ? HISTORY_MS / 1000 : 0,
          token_default_ttl: default_ttl,
          token_max_ttl: max_ttl,
          atomic_batch: isAtomic,
          change_feed: changes !== undefined,
        };
        answerJson(ctx, JSON.stringify(limits));
      },
    },
  ];
}
