/** One value: `/v2/kv/{key}`, `touch`, `incr`, `info` (v2.md, section 2). */

import { z } from 'zod';
import type { DialectDeps } from '../../dialect.ts';
import type { Endpoint } from '../endpoint.ts';
import type { V2Settings } from '../settings.ts';
import { countSchema, countValue, touchSchema, touchValue } from './change.ts';
import { infoSchema } from './info.ts';
import { readInfo, readValue } from './read.ts';
import { expirySchema } from './sent.ts';
import { deleteValue, putValue } from './write.ts';

const ABSENT = { description: 'There is no such key.' };
const FAILED = { description: 'The value is not as `If-Match` or `If-None-Match` demands; `ETag` says what is there.' };
const FULL = { description: 'The account has no room for more.' };
const INFO = { description: 'What is known of the value.', schema: infoSchema };
const BYTES = ['*/*'];

/** The routes of single values. */
export function valueEndpoints({ core, settings }: DialectDeps<V2Settings>): Endpoint[] {
  return [
    {
      method: 'GET',
      path: '/v2/kv/*key',
      right: 'read',
      summary: 'Reads a value: the bytes as they were sent, with their type. Takes `Range` and `If-Range`.',
      conditional: true,
      answers: {
        200: { description: 'The bytes.', types: BYTES },
        206: { description: 'The part of them that `Range` names.', types: BYTES },
        304: { description: 'The client has them: `If-None-Match` names their `ETag`.' },
        404: ABSENT,
        412: FAILED,
        416: { description: 'The value has no byte of the range.' },
      },
      handle: (ctx, caller, params) => readValue(core, ctx, caller, params),
    },
    {
      method: 'PUT',
      path: '/v2/kv/*key',
      right: 'write',
      summary:
        'Stores the body as a value, with its type, `Content-Encoding` and `Keybin-Meta-*`; for ever unless `ttl` or `expires_at` says otherwise.',
      conditional: true,
      idempotent: true,
      query: expirySchema,
      takesBytes: true,
      answers: {
        201: { description: 'It is stored, and there was none.' },
        204: { description: 'It has replaced another one.' },
        412: FAILED,
        413: { description: 'It has more bytes than `[LIMITS] value_bytes`.' },
        507: FULL,
      },
      handle: (ctx, caller, params) => putValue(core, settings().value_bytes, ctx, caller, params),
    },
    {
      method: 'DELETE',
      path: '/v2/kv/*key',
      right: 'write',
      summary: 'Removes a value.',
      conditional: true,
      answers: { 204: { description: 'It is gone.' }, 404: ABSENT, 412: FAILED },
      handle: (ctx, caller, params) => deleteValue(core, ctx, caller, params),
    },
    {
      method: 'POST',
      path: '/v2/touch/*key',
      right: 'write',
      summary: 'Gives a value another moment to end, or none, without sending it again.',
      conditional: true,
      idempotent: true,
      body: touchSchema,
      answers: { 200: INFO, 404: ABSENT, 412: FAILED },
      handle: (ctx, caller, params) => touchValue(core, ctx, caller, params),
    },
    {
      method: 'POST',
      path: '/v2/incr/*key',
      right: 'write',
      summary:
        'Adds to a value that is a JSON integer; makes one where there is none. Needs the right to read and to write the key.',
      conditional: true,
      idempotent: true,
      body: countSchema,
      answers: {
        200: { description: 'The sum.', schema: z.object({ value: z.int(), ...infoSchema.shape }) },
        409: { description: 'The value is not an integer (`not_an_integer`), or the sum too large (`out_of_range`).' },
        412: FAILED,
        507: FULL,
      },
      handle: (ctx, caller, params) => countValue(core, ctx, caller, params),
    },
    {
      method: 'GET',
      path: '/v2/info/*key',
      right: 'read',
      summary: 'Tells what is known of a value, without the value.',
      conditional: true,
      answers: { 200: INFO, 304: { description: 'The client knows it.' }, 404: ABSENT, 412: FAILED },
      handle: (ctx, caller, params) => readInfo(core, ctx, caller, params),
    },
  ];
}
