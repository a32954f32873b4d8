/** The body of a batch (v2.md, section 3). */

import { z } from 'zod';
import { ttlSchema } from '../values/sent.ts';

const exact = z.int({ error: 'expected an integer of at most 2^53 - 1' });

const common = {
  key: z.string(),
  if_match: z.string().optional().describe('As the header If-Match.'),
  if_none_match: z.string().optional().describe('As the header If-None-Match.'),
};

const put = z.strictObject({
  op: z.literal('put'),
  ...common,
  value: z
    .string()
    .refine(text => text.isWellFormed(), 'a lone surrogate cannot be stored as UTF-8')
    .optional()
    .describe('A text.'),
  value_base64: z.string().optional().describe('Bytes.'),
  json: z.unknown().optional().describe('Any JSON, stored as it is written.'),
  content_type: z
    .string()
    .regex(/^[\x21-\x7e][\x20-\x7e]{0,254}$/, 'expected at most 255 printable ASCII characters')
    .optional(),
  ttl: ttlSchema.optional(),
  meta: z.record(z.string(), z.string()).optional(),
});

const incr = z.strictObject({
  op: z.literal('incr'),
  ...common,
  by: exact.optional(),
  initial: exact.optional(),
  ttl: ttlSchema.optional(),
});

const touch = z.strictObject({ op: z.literal('touch'), ...common, ttl: ttlSchema.nullable() });

/** One operation. */
export const opSchema = z.discriminatedUnion(
  'op',
  [
    z.strictObject({ op: z.literal('get'), ...common }),
    put,
    z.strictObject({ op: z.literal('delete'), ...common }),
    incr,
    touch,
    z.strictObject({ op: z.literal('check'), ...common }),
  ],
  { error: 'expected get, put, delete, incr, touch or check, and the fields that it takes' },
);

/** One operation, its fields checked one by one. */
export type Op = z.infer<typeof opSchema>;
export type Put = z.infer<typeof put>;

/** What the document of the API tells of the body. */
export const batchSchema = z.strictObject({ ops: z.array(opSchema).min(1).max(500) });

/** What a batch is answered with. */
export const answerSchema = z.object({
  results: z.array(
    z.object({
      status: z.int(),
      key: z.string(),
      etag: z.string().optional(),
      size: z.int().optional(),
      content_type: z.string().optional(),
      updated_at: z.iso.datetime().nullable().optional(),
      expires_at: z.iso.datetime().nullable().optional(),
      content_encoding: z.string().optional().describe('Of a get whose value was stored with one.'),
      meta: z.record(z.string(), z.string()).optional().describe('Of a get whose value has some.'),
      value: z.union([z.string(), z.int()]).optional().describe('Of a get a text, of an incr the sum.'),
      value_base64: z.string().optional(),
    }),
  ),
});
