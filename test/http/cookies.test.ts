import { expect, test } from 'vitest';
import { type CookieOptions, readCookie, setCookie } from '../../src/http/browser/cookies.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

async function read(Cookie: string | undefined, name: string): Promise<string | undefined> {
  const url = await openApp(
    route('/', ctx => {
      ctx.body = { value: readCookie(ctx, name) };
    }),
  );
  return (await rawRequest(url, { path: '/', headers: Cookie === undefined ? {} : { Cookie } })).json.value;
}

test.each([
  ['token=a1', 'a1'],
  ['other=b; token=a1; more=c', 'a1'],
  ['token=first; token=second', 'first'],
  ['token=; token=second', ''],
  [' token = a1 ;x=y', 'a1'],
  ['token=a=b==', 'a=b=='],
  ['token="a1"', '"a1"'],
  ['token=%41', '%41'],
  ['token', undefined],
  ['xtoken=a; tokenx=b; Token=c', undefined],
  ['', undefined],
  [undefined, undefined],
])('of the header %j the cookie "token" is %j', async (header, value) => {
  expect(await read(header, 'token')).toBe(value);
});

const SESSION: CookieOptions = { path: '/', httpOnly: true, sameSite: 'Lax', maxAge: 86_400, secure: false };

async function headersOf(...cookies: [name: string, value: string, options: CookieOptions][]) {
  const url = await openApp(
    route('/', ctx => {
      for (const [name, value, options] of cookies) setCookie(ctx, name, value, options);
      ctx.status = 204;
    }),
  );
  const { status, headers } = await rawRequest(url, { path: '/' });
  return { status, cookies: headers['set-cookie'] };
}

test('a cookie is set with all its attributes, over a connection without TLS too', async () => {
  const secure: CookieOptions = { path: '/admin', httpOnly: false, sameSite: 'Strict', maxAge: 60, secure: true };
  const { status, cookies } = await headersOf(['user_session', 'a1', SESSION], ['csrf_token', 'b2', secure]);
  expect(status).toBe(204);
  expect(cookies).toEqual([
    'user_session=a1; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax',
    'csrf_token=b2; Path=/admin; Max-Age=60; Secure; SameSite=Strict',
  ]);
});

test('a cookie is deleted by the age 0', async () => {
  expect((await headersOf(['user_session', '', { ...SESSION, maxAge: 0 }])).cookies).toEqual([
    'user_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
  ]);
});

test.each<[string, string, Partial<CookieOptions>]>([
  ['', 'a', {}],
  ['a b', 'a', {}],
  ['a=b', 'a', {}],
  ['a', 'b; Path=/', {}],
  ['a', 'b\r\nX: y', {}],
  ['a', '"b"', {}],
  ['a', 'ä', {}],
  ['a', 'b', { path: '' }],
  ['a', 'b', { path: 'x' }],
  ['a', 'b', { path: '/;x' }],
  ['a', 'b', { path: '/\n' }],
  ['a', 'b', { maxAge: -1 }],
  ['a', 'b', { maxAge: 0.5 }],
  ['a', 'b', { maxAge: Number.NaN }],
])('what no cookie can hold is a bug, and nothing of it is sent: %j %j %j', async (name, value, options) => {
  expect(await headersOf([name, value, { ...SESSION, ...options }])).toEqual({ status: 500, cookies: undefined });
});
