/** What the routes of tokens take and answer (v2.md, section 5). */

import { z } from 'zod';

const text = z.string({ error: 'expected a text' });

/** 1 to 128 characters, as people count them. */
const name = text
  .regex(/^(?:[^\p{Cc}\p{Cs}]){1,128}$/u, { error: 'expected 1 to 128 characters without control characters' })
  .describe('For people: 1 to 128 characters.');

const ttl = z
  .int({ error: 'expected whole seconds from 1 on' })
  .min(1, { error: 'expected whole seconds from 1 on' })
  .describe('Seconds it lives; more than the server allows, or than its maker lives, is cut down.');

const USES = 'expected a whole number from 1 to 1000000000';

/** The body of a new token. */
export const newToken = z.strictObject(
  {
    name: name.nullish(),
    ttl: ttl.nullish(),
    scopes: z
      .array(text, { error: 'expected a list of texts, as in ["kv:rw:app/"]' })
      .nullish()
      .describe(
        '`kv:r`, `kv:w`, `kv:rw`, each perhaps with `:<prefix>`; `tokens`; `sync`. Absent: those of the maker.',
      ),
    max_uses: z
      .int({ error: USES })
      .min(1, { error: USES })
      .max(1_000_000_000, { error: USES })
      .nullish()
      .describe('How many requests it opens; absent: any number.'),
    client_id: text
      .nullish()
      .describe('For which client it is, 1 to 128 characters; a note, of which nothing follows.'),
  },
  { error: 'expected an object with name, ttl, scopes, max_uses and client_id, all optional' },
);

/** The body of a renewal. */
export const renewal = z.strictObject(
  { ttl: ttl.nullish() },
  { error: 'expected an object with ttl, which is optional' },
);

/** The query of a list. */
export const listQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^(?:[1-9]\d{0,2}|1000)$/, { error: 'expected an integer from 1 to 1000' })
    .optional()
    .describe('Most tokens of a page, 1 to 1000; absent: 100.'),
  cursor: z.string().optional().describe('The `cursor` of the page before.'),
});

const time = z.iso.datetime();
const warnings = z
  .array(z.enum(['capped']))
  .optional()
  .describe('`capped`: it lives for less than was asked for.');

/** A token, without its secret. */
export const tokenInfo = z.object({
  id: z.string().describe('`tok_…`; of a token of the original API the SHA-256 of its secret.'),
  name: z.string().nullable(),
  client_id: z.string().nullable(),
  scopes: z.array(z.string()),
  created_at: time,
  last_used_at: time.nullable().describe('True to a minute; null: never.'),
  expires_at: time,
  uses_left: z.int().nullable().describe('null: any number.'),
  kind: z.enum(['v2', 'keybin']).describe('`keybin`: one of the original API.'),
});

/** A token that was made, with its secret. */
export const madeToken = tokenInfo.extend({ token: z.string().describe('The secret; only here.'), warnings });

/** A page of tokens. */
export const tokenPage = z.object({
  tokens: z.array(tokenInfo),
  cursor: z.string().optional().describe('Absent on the last page.'),
  complete: z.boolean(),
});

/** A renewed token. */
export const renewed = tokenInfo.extend({ warnings });
