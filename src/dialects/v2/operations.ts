/** What the document of the API tells of v2: the same that checks the requests. */

import { z } from 'zod';
import type { Operation } from '../../http/openapi/operation.ts';
import type { Endpoint, Right } from './endpoint.ts';

/** The scopes of which a route needs one. */
const SCOPES: Readonly<Record<Right, readonly string[]>> = {
  read: ['kv:r'],
  write: ['kv:w'],
  tokens: ['tokens'],
  none: [],
};

const CONDITIONS = {
  'If-Match': 'Only if the value has one of these entity tags; `*`: whatever it has, but there has to be one.',
  'If-None-Match': 'Only if the value has none of these entity tags; `*`: only if there is none.',
};

const ONCE = {
  'Idempotency-Key': '1 to 255 visible ASCII characters: a repetition within a day gets the same answer.',
};

const PARAMS = {
  key: z
    .string()
    .min(1)
    .max(1024)
    .describe('The key, 1 to 1024 of `A-Z a-z 0-9 _ . , - : @ ~ + = /`; `/` as it is, or as `%2F`.'),
  id: z.string().describe('The id of a token, as the list of tokens has it.'),
};

/** The route as the document has it. */
export function operationOf(endpoint: Endpoint): Operation {
  const { method, path, right, summary, query, takesBytes, body, conditional, idempotent, answers } = endpoint;
  return {
    method,
    path,
    tag: 'v2',
    summary,
    opening: { by: 'token', scopes: SCOPES[right], password: endpoint.takesPassword },
    params: PARAMS,
    query,
    headers: { ...(conditional && CONDITIONS), ...(idempotent && ONCE) },
    body: takesBytes ? 'bytes' : body,
    bodyOptional: takesBytes || body?.safeParse({}).success,
    answers,
  };
}
