/** Many entries at once: lists, and the deletion of all that begin with the same (v2.md, section 3). */

import type { Context } from 'koa';
import { z } from 'zod';
import type { TokenCaller } from '../../../core/access/callers.ts';
import { scopeInsufficient } from '../../../core/access/scopes.ts';
import { removeAll } from '../../../core/entries/change/remove.ts';
import { answerJson } from '../../../http/answer.ts';
import { bodyOf } from '../../../http/pieces.ts';
import type { DialectDeps } from '../../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import { LIST_DEFAULT } from '../numbers.ts';
import { queryOf } from '../query.ts';
import type { V2Settings } from '../settings.ts';
import { nameIn } from './cursor.ts';
import { allLines, pageText } from './pages.ts';

const NDJSON = 'application/x-ndjson';

const LIST = z.object({
  prefix: z
    .string()
    .regex(
      /^[A-Za-z0-9_.,\-:@~+=/]{0,1024}$/,
      'expected at most 1024 of the characters A-Z a-z 0-9 _ . , - : @ ~ + = /',
    )
    .optional()
    .describe('What all keys begin with; absent: all keys.'),
  separator: z
    .string()
    .regex(/^[A-Za-z0-9_.,\-:@~+=/]{1,16}$/, 'expected 1 to 16 characters of keys, such as /')
    .optional()
    .describe('Keys that have it behind the prefix are shown as one: what they have in common up to it.'),
  limit: z
    .string()
    .regex(/^(?:[1-9]\d{0,2}|1000)$/, 'expected an integer from 1 to 1000')
    .optional()
    .describe('Most keys and prefixes of the page; 100 when it is absent. All of a list as NDJSON has no pages.'),
  cursor: z.string().optional().describe('The cursor of the page before.'),
  values: z.enum(['0', '1']).optional().describe('1: with the values, of about 4 MiB together.'),
});

const REMOVE = z.object({
  prefix: z
    .string()
    .regex(
      /^(?:\*|[A-Za-z0-9_.,\-:@~+=/]{1,1024})$/,
      'expected 1 to 1024 of the characters A-Z a-z 0-9 _ . , - : @ ~ + = /, or * for all keys',
    )
    .describe('What the keys begin with; * is all.'),
});

const moment = z.iso.datetime().nullable();

const PAGE = z.object({
  keys: z.array(
    z.object({
      key: z.string(),
      etag: z.string(),
      size: z.number().int(),
      content_type: z.string(),
      updated_at: moment,
      expires_at: moment,
      content_encoding: z.string().optional(),
      meta: z.record(z.string(), z.string()).optional(),
      value: z.string().optional(),
      value_base64: z.string().optional(),
    }),
  ),
  prefixes: z.array(z.string()),
  cursor: z.string().optional(),
  complete: z.boolean(),
});

/** The routes of many entries. */
export function listEndpoints({ core, callerOf }: DialectDeps<V2Settings>): Endpoint[] {
  async function list(ctx: Context, { accountId, scopes }: TokenCaller): Promise<void> {
    const { prefix = '', separator, limit, cursor, values } = queryOf(ctx, LIST);
    const names = { prefix, separator };
    const after = cursor === undefined ? undefined : nameIn(names, cursor);
    const wanted = { accountId, query: { ...names, after, among: scopes.readable }, values: values === '1' };
    ctx.vary('Accept');
    if (ctx.accepts('application/json', NDJSON) === NDJSON) {
      const body = await bodyOf(allLines(core, wanted));
      ctx.set('Content-Type', NDJSON);
      ctx.body = body;
      return;
    }
    const body = await bodyOf(pageText(core, wanted, Number(limit ?? LIST_DEFAULT)));
    if (typeof body === 'string') return answerJson(ctx, body);
    ctx.type = 'json';
    ctx.body = body;
  }

  async function remove(ctx: Context, { accountId, scopes }: TokenCaller): Promise<void> {
    const { prefix: given } = queryOf(ctx, REMOVE);
    const prefix = given === '*' ? '' : given;
    if (!scopes.mayWrite(prefix)) throw scopeInsufficient(prefix === '' ? 'kv:w' : `kv:w:${prefix}`);
    const { gone } = callerOf(ctx);
    const deleted = await removeAll(core, accountId, prefix, gone);
    answerJson(ctx, JSON.stringify({ deleted }));
  }

  return [
    {
      method: 'GET',
      path: '/v2/kv',
      right: 'read',
      summary: 'Lists keys in byte order, those that the token can read.',
      query: LIST,
      answers: {
        200: {
          description: 'A page; or all of it, an entry a line, for Accept: application/x-ndjson.',
          schema: PAGE,
          types: [NDJSON],
        },
      },
      handle: list,
    },
    {
      method: 'DELETE',
      path: '/v2/kv',
      right: 'write',
      summary: 'Deletes all keys that begin with the prefix. Interrupted, it can be repeated.',
      query: REMOVE,
      answers: { 200: { description: 'How many were deleted.', schema: z.object({ deleted: z.number().int() }) } },
      handle: remove,
    },
  ];
}
