/** What the document of the API tells of the original API: made of the schemas that check the requests. */

import { z } from 'zod';
import type { Opening, Operation } from '../../http/openapi/operation.ts';
import { credentials, passwordChange, tokenRequest } from './schema.ts';

const TAG = 'keybin';
const ok = z.object({ result: z.literal('ok') });
const value = z.unknown().describe('Any JSON value.');
const token = z.object({ token: z.object({ token: z.string(), expire_seconds: z.int() }) });
const about = z.object({
  username: z.string(),
  client_id: z.string(),
  expires_at: z.iso.datetime(),
  expire_seconds: z.int(),
});
const keys = z.object({ keys: z.array(z.string()), cursor: z.string().optional() });
const keysQuery = z.object({
  prefix: z.string().optional().describe('Only keys that begin with it.'),
  limit: z.string().optional().describe('1 to 1000: then the list comes in pages.'),
  cursor: z.string().optional().describe('The `cursor` of the page before.'),
});

const PARAMS = {
  token: z
    .string()
    .describe('The token; or `me`, and the token in `Authorization: Bearer`, which keeps it out of logs.'),
  key: z.string().regex(/^[A-Za-z0-9_.,]{1,1024}$/),
};

const OPEN: Opening = { by: 'anybody' };
const HELD: Opening = { by: 'inPath' };
const OK = { 200: { description: 'It is done.', schema: ok } };
const WRONG = { 403: { description: 'There is no such account, or the password is another.' } };
const INVALID = { 403: { description: 'The token is not valid.' } };
const NO_KEY = { 404: { description: 'There is no such key.' } };
const FULL = { 507: { description: 'The account has no room for more.' } };

const shared = { tag: TAG, params: PARAMS } as const;

/** The routes of the original API as the document has them. */
export const operations: readonly Operation[] = [
  {
    ...shared,
    method: 'POST',
    path: '/register',
    summary: 'Makes an account.',
    opening: OPEN,
    body: credentials,
    answers: { ...OK, 409: { description: 'The name is taken.' } },
  },
  {
    ...shared,
    method: 'DELETE',
    path: '/unregister',
    summary: 'Ends an account and erases its data.',
    opening: OPEN,
    body: credentials,
    answers: { ...OK, ...WRONG },
  },
  {
    ...shared,
    method: 'POST',
    path: '/password',
    summary: 'Gives an account another password; what the old one opened ends.',
    opening: OPEN,
    body: passwordChange,
    answers: { ...OK, ...WRONG },
  },
  {
    ...shared,
    method: 'POST',
    path: '/token',
    summary: 'Gives a client a token in place of the one it had.',
    opening: OPEN,
    body: tokenRequest,
    answers: { 200: { description: 'The token.', schema: token }, ...WRONG },
  },
  {
    ...shared,
    method: 'GET',
    path: '/user/:token',
    summary: 'Whose token it is, and for how long.',
    opening: HELD,
    answers: { 200: { description: 'What is known of it.', schema: about }, ...INVALID },
  },
  {
    ...shared,
    method: 'POST',
    path: '/user/:token/renew',
    summary: 'Gives the token its full lifetime again.',
    opening: HELD,
    answers: { 200: { description: 'The same token.', schema: token }, ...INVALID },
  },
  {
    ...shared,
    method: 'DELETE',
    path: '/user/:token',
    summary: 'Ends the token.',
    opening: HELD,
    answers: { ...OK, ...INVALID },
  },
  {
    ...shared,
    method: 'GET',
    path: '/user/:token/keys',
    summary: 'Lists keys in the order of their bytes.',
    opening: HELD,
    query: keysQuery,
    answers: { 200: { description: 'The keys.', schema: keys }, ...INVALID },
  },
  {
    ...shared,
    method: 'GET',
    path: '/user/:token/store/:key',
    summary: 'Reads a value.',
    opening: HELD,
    answers: { 200: { description: 'The value.', schema: z.object({ value }) }, ...INVALID, ...NO_KEY },
  },
  {
    ...shared,
    method: 'POST',
    path: '/user/:token/store/:key',
    summary: 'Stores a value.',
    opening: HELD,
    body: z.object({ value }),
    answers: { ...OK, ...INVALID, ...FULL },
  },
  {
    ...shared,
    method: 'DELETE',
    path: '/user/:token/store/:key',
    summary: 'Deletes a value.',
    opening: HELD,
    answers: { ...OK, ...INVALID, ...NO_KEY },
  },
];
