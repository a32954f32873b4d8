import { expect, test } from 'vitest';
import { createOrigin } from '../../src/http/browser/origin.ts';
import { openApp, route } from './open-app.ts';
import { rawRequest } from './raw-request.ts';

interface Options {
  readonly publicUrl?: string;
  readonly trustedProxies?: readonly string[];
  readonly host?: string;
}

async function open({ publicUrl = '', trustedProxies = [], host }: Options = {}) {
  const origin = createOrigin({ publicUrl: () => publicUrl, trustedProxies: () => trustedProxies });
  const routes = route('/', ctx => {
    origin.demandSameOrigin(ctx);
    ctx.body = { base: origin.base(ctx), secure: origin.isSecure(ctx) };
  });
  const url = await openApp(routes, host === undefined ? {} : { host });
  return { url, ask: (headers: Record<string, string> = {}) => rawRequest(url, { path: '/', headers }) };
}

test('links begin with the public URL, without a slash at its end', async () => {
  for (const [publicUrl, base] of [
    ['https://keybin.example', 'https://keybin.example'],
    ['https://keybin.example/', 'https://keybin.example'],
    ['HTTPS://Keybin.Example:443/sub/', 'https://keybin.example/sub'],
    ['http://[2001:db8::1]:5000', 'http://[2001:db8::1]:5000'],
  ] as const) {
    expect((await (await open({ publicUrl })).ask({ Host: 'evil.example' })).json.base).toBe(base);
  }
});

test('links begin with the address of the connection where there is no public URL, whatever the headers say', async () => {
  const lies = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' };
  for (const publicUrl of ['', 'keybin.example', 'ftp://keybin.example', 'https://', 'javascript:alert(1)']) {
    const { url, ask } = await open({ publicUrl, trustedProxies: ['127.0.0.1'] });
    expect((await ask(lies)).json.base).toBe(url);
  }
});

test('an address of version 6 stands in brackets, one of version 4 that comes through it does not', async context => {
  const both = await open({ host: '::' }).catch(() => undefined);
  context.skip(both === undefined, 'this machine has no IPv6');
  const port = new URL(both?.url ?? '').port;
  const ask = async (address: string) => (await rawRequest(`http://${address}:${port}`, { path: '/' })).json.base;
  expect(await ask('127.0.0.1')).toBe(`http://127.0.0.1:${port}`);
  const local = await fetch(`http://[::1]:${port}/`);
  expect(((await local.json()) as { base: string }).base).toBe(`http://[::1]:${port}`);
});

test('a client speaks HTTPS when the public URL or a trusted proxy says so', async () => {
  const secure = async (options: Options, proto?: string) =>
    (await (await open(options)).ask(proto === undefined ? {} : { 'X-Forwarded-Proto': proto })).json.secure;
  const trusted = { trustedProxies: ['10.0.0.0/8', '127.0.0.0/8'] };
  expect(await secure({ publicUrl: 'https://keybin.example' })).toBe(true);
  expect(await secure({ publicUrl: 'http://keybin.example' })).toBe(false);
  expect(await secure({})).toBe(false);
  expect(await secure(trusted)).toBe(false);
  expect(await secure(trusted, 'https')).toBe(true);
  expect(await secure(trusted, 'http, HTTPS')).toBe(true);
  expect(await secure(trusted, 'https, http')).toBe(false);
  expect(await secure({}, 'https')).toBe(false);
  expect(await secure({ trustedProxies: ['10.0.0.0/8'] }, 'https')).toBe(false);
});

const PUBLIC = { publicUrl: 'https://keybin.example/sub' };
const PROXY = { trustedProxies: ['127.0.0.1'] };
const REFUSED = { error: expect.any(String), code: 'csrf_invalid' };

test.each<[Options, Record<string, string>]>([
  [{}, {}],
  [{}, { Host: 'a.example', Origin: 'http://a.example' }],
  [{}, { Host: 'A.Example:80', Origin: 'http://a.example' }],
  [{}, { Host: '[::1]:5000', Origin: 'http://[::1]:5000' }],
  [PUBLIC, { Origin: 'https://keybin.example' }],
  [PUBLIC, { Host: 'inner.example', Origin: 'https://inner.example' }],
  [PROXY, { Host: 'a.example', Origin: 'https://a.example', 'X-Forwarded-Proto': 'https' }],
])('a request from a page of the server passes: %j %j', async (options, headers) => {
  expect((await (await open(options)).ask(headers)).status).toBe(200);
});

test.each<[Options, Record<string, string>]>([
  [{}, { Host: 'a.example', Origin: 'null' }],
  [{}, { Host: 'null', Origin: 'null' }],
  [{}, { Host: 'a.example', Origin: '' }],
  [{}, { Host: '', Origin: '' }],
  [{}, { Host: 'a.example', Origin: 'http://b.example' }],
  [{}, { Host: 'a.example', Origin: 'https://a.example' }],
  [{}, { Host: 'a.example', Origin: 'http://a.example:81' }],
  [{}, { Host: 'a.example', Origin: 'http://a.example.evil.example' }],
  [{}, { Host: 'a.example@evil.example', Origin: 'http://evil.example' }],
  [{}, { Host: 'evil.example/a.example', Origin: 'http://evil.example' }],
  [{}, { Host: 'a.example', Origin: 'https://a.example', 'X-Forwarded-Proto': 'https' }],
  [{}, { Host: 'a.example', Origin: 'http://b.example', 'X-Forwarded-Host': 'b.example' }],
  [PUBLIC, { Host: 'inner.example', Origin: 'http://inner.example' }],
  [PUBLIC, { Host: 'inner.example', Origin: 'http://keybin.example' }],
  [{ publicUrl: 'data:,x' }, { Host: 'a.example', Origin: 'null' }],
])('a request from a page of somebody else is 403: %j %j', async (options, headers) => {
  const answer = await (await open(options)).ask(headers);
  expect([answer.status, answer.json]).toEqual([403, REFUSED]);
});
