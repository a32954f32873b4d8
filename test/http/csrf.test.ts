import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { demandFormCsrf, demandOwnPage } from '../../src/http/browser/csrf.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
/** No page of another origin sends anything here: that has tests of its own. */
const HERE = { demandSameOrigin() {} };
const MINE = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const REFUSED = [403, { error: expect.any(String), code: 'csrf_invalid' }];

interface Sent {
  readonly cookies?: string;
  readonly header?: string;
  readonly field?: string;
}

async function send(demand: 'session' | 'form', { cookies, header, field }: Sent, expected = hash(MINE)) {
  const routes = route('/', ctx => {
    if (demand === 'session') demandOwnPage(ctx, HERE, expected, field);
    else demandFormCsrf(ctx, field);
    ctx.body = {};
  });
  const headers = { ...(cookies && { Cookie: cookies }), ...(header !== undefined && { 'X-CSRF-Token': header }) };
  const answer = await rawRequest(await openApp(routes), { method: 'POST', path: '/', headers });
  return [answer.status, answer.json];
}

test.each<[Sent]>([
  [{ cookies: `csrf_token=${MINE}`, header: MINE }],
  [{ cookies: `csrf_token=${MINE}`, field: MINE }],
  [{ cookies: `csrf_token=${MINE}`, header: '', field: MINE }],
  [{ cookies: `csrf_token=${MINE}; csrf_token=${OTHER}`, header: MINE }],
])('a change passes with the token of the session in the cookie and beside it: %j', async sent => {
  expect(await send('session', sent)).toEqual([200, {}]);
});

test.each<[Sent]>([
  [{}],
  [{ header: MINE }],
  [{ field: MINE }],
  [{ cookies: `csrf_token=${MINE}` }],
  [{ cookies: `csrf_token=${MINE}`, header: OTHER }],
  [{ cookies: `csrf_token=${MINE}`, header: OTHER, field: MINE }],
  [{ cookies: `csrf_token=${OTHER}`, header: MINE }],
  [{ cookies: `csrf_token=${OTHER}`, header: OTHER }],
  [{ cookies: `csrf_token=${OTHER}; csrf_token=${MINE}`, header: MINE }],
  [{ cookies: `csrf_token=${MINE}`, header: MINE.slice(1) }],
  [{ cookies: `csrf_token=${hash(MINE)}`, header: hash(MINE) }],
  [{ cookies: 'csrf_token=', header: '' }],
  [{ cookies: `CSRF_TOKEN=${MINE}`, header: MINE }],
])('a change without the token of the session in both places is 403: %j', async sent => {
  expect(await send('session', sent)).toEqual(REFUSED);
});

test('a session without a token lets nothing pass', async () => {
  expect(await send('session', { cookies: 'csrf_token=', field: '' }, hash(''))).toEqual(REFUSED);
  expect(await send('session', { cookies: `csrf_token=${MINE}`, header: MINE }, '')).toEqual(REFUSED);
});

test('a form of somebody who is not signed in passes when its field is what the cookie says', async () => {
  expect(await send('form', { cookies: `verstak_locale_csrf=${MINE}`, field: MINE })).toEqual([200, {}]);
});

test.each<[Sent]>([
  [{}],
  [{ field: MINE }],
  [{ cookies: `verstak_locale_csrf=${MINE}` }],
  [{ cookies: `verstak_locale_csrf=${MINE}`, header: MINE }],
  [{ cookies: `verstak_locale_csrf=${MINE}`, field: OTHER }],
  [{ cookies: `csrf_token=${MINE}`, field: MINE }],
  [{ cookies: 'verstak_locale_csrf=', field: '' }],
  [{ cookies: 'verstak_locale_csrf=x', field: 'x' }],
  [{ cookies: `verstak_locale_csrf=${MINE.toUpperCase()}`, field: MINE.toUpperCase() }],
  [{ cookies: `verstak_locale_csrf=${MINE}a`, field: `${MINE}a` }],
])('any other form of somebody who is not signed in is 403: %j', async sent => {
  expect(await send('form', sent)).toEqual(REFUSED);
});
