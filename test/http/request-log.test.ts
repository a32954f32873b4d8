import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Log } from '../../src/base/log.ts';
import { accountOf } from '../dialects/keybin/open-keybin.ts';
import { type Engine, forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { rawRequest } from './raw-request.ts';

interface Line {
  readonly level: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into lines of any shape
  readonly fields: any;
  readonly message: string;
}

async function openLogged(engine: Engine, options = {}) {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  const keybin = await openServer(engine, { log, options });
  const requests = () => lines.filter(line => line.message === 'request');
  return { ...keybin, keybin, lines, requests };
}

const SECRETS = {
  password: 'password-that-nobody-may-read',
  wrong: 'wrong-password-that-nobody-may-read',
  key: 'key.that.nobody.may.read',
  value: 'value-that-nobody-may-read',
  client: 'client-that-nobody-may-read',
};

forEachEngine('the log of requests', engine => {
  test('has one line for each: method, route, status, time, id and account', async () => {
    const { server, keybin, requests } = await openLogged(engine);
    const login = { username: 'ann', password: 'right' };
    const answers = [await server.request('POST', '/register', login), await server.request('POST', '/token', login)];
    const { token } = answers[1]?.json.token ?? {};
    const { user_id } = await accountOf(keybin, 'ann');
    const routes: [string, string, string, number][] = [
      ['POST', `/user/${token}/store/a`, '/user/:token/store/:key', 200],
      ['GET', `/user/${token}/store/b`, '/user/:token/store/:key', 404],
      ['GET', `/user/${token}/keys`, '/user/:token/keys', 200],
      ['HEAD', `/user/${token}/keys`, '/user/:token/keys', 200],
      ['POST', `/user/${token}/renew`, '/user/:token/renew', 200],
      ['GET', `/user/${token}`, '/user/:token', 200],
      ['DELETE', `/user/${token}`, '/user/:token', 200],
    ];
    for (const [method, path] of routes) {
      answers.push(await server.request(method, path, method === 'POST' ? { value: 1 } : undefined));
    }
    expect(requests()).toHaveLength(answers.length);
    for (const [i, { fields }] of requests().entries()) {
      expect(fields.id).toBe(answers[i]?.headers.get('X-Request-Id'));
      expect(fields.status).toBe(answers[i]?.status);
      expect(fields.ms).toBeGreaterThan(0);
    }
    expect(requests()[0]?.fields).toMatchObject({ method: 'POST', route: '/register', status: 200 });
    expect(requests()[1]?.fields).toMatchObject({ method: 'POST', route: '/token', status: 200, account: user_id });
    for (const [i, [method, , route, status]] of routes.entries()) {
      expect(requests()[i + 2]?.fields).toMatchObject({ method, route, status, account: user_id });
    }
  });

  test('has the trace that a request names, if that is a valid one, and answers nothing of it', async () => {
    const { server, requests } = await openLogged(engine);
    const [trace_id, span_id] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    const valid = [`00-${trace_id}-${span_id}-01`, `cc-${trace_id}-${span_id}-00-what-comes-later`];
    const invalid = [
      ...['', 'x', `00-${trace_id}-${span_id}`, `ff-${trace_id}-${span_id}-01`, `00-${trace_id}-${span_id}-01-more`],
      ...[`00-${'0'.repeat(32)}-${span_id}-01`, `00-${trace_id}-${'0'.repeat(16)}-01`],
      ...[
        `00-${trace_id.toUpperCase()}-${span_id}-01`,
        `${valid[0]}, ${valid[0]}`,
        `00-${trace_id}","x":"-${span_id}-01`,
      ],
    ];
    for (const traceparent of [...valid, ...invalid]) {
      const answer = await server.request('GET', '/user/some-token/keys', undefined, {
        traceparent,
        tracestate: 'a=b',
      });
      expect(answer.status).toBe(403);
      expect([...answer.headers.keys()].filter(name => name.startsWith('trace'))).toEqual([]);
    }
    const told = requests().map(({ fields }) => [fields.trace_id, fields.span_id]);
    expect(told).toEqual([...valid.map(() => [trace_id, span_id]), ...invalid.map(() => [undefined, undefined])]);
  });

  test('tells of a refusal its code, and of an unknown path nothing that was in it', async () => {
    const { server, requests } = await openLogged(engine);
    await server.request('GET', '/user/some-token/keys');
    await server.request('GET', '/user/some-token/unknown/secret');
    await server.request('PUT', '/user/some-token/keys?secret=1');
    expect(requests().map(({ fields }) => [fields.status, fields.code])).toEqual([
      [403, 'token_invalid'],
      [404, 'not_found'],
      [405, 'method_not_allowed'],
    ]);
    expect(inspect(requests(), { depth: null })).not.toMatch(/some-token|secret/);
  });

  test('has the address of the client only where that is wanted, behind a proxy too', async () => {
    const options = { APP_TRUSTED_PROXIES: '127.0.0.1' };
    const { server, requests } = await openLogged(engine, options);
    const forwarded = { 'X-Forwarded-For': '198.51.100.7, 203.0.113.9' };
    await server.request('GET', '/nowhere', undefined, forwarded);
    await server.configure({ ...options, APP_LOG_CLIENT_ADDRESS: 'true' });
    await server.request('GET', '/nowhere', undefined, forwarded);
    await server.request('GET', '/nowhere');
    expect(requests().map(({ fields }) => fields.client)).toEqual([undefined, '203.0.113.9', '127.0.0.1']);
    expect(Object.keys(requests()[0]?.fields)).not.toContain('client');
  });

  test('has probes that find all well at level debug, and others as everything else', async () => {
    const { server, requests } = await openLogged(engine);
    for (const path of ['/livez', '/readyz', '/api/v1/health']) await server.request('GET', path);
    await server.request('PUT', '/livez');
    await server.core.storage.close();
    server.clock.advance(1_000); // what was found counts for a second
    await server.request('GET', '/readyz');
    expect(requests().map(({ level, fields }) => [level, fields.status])).toEqual([
      ['debug', 200],
      ['debug', 200],
      ['debug', 200],
      ['info', 405],
      ['warn', 503],
    ]);
  });

  test('holds no token, password, key, value or client in any line, whatever goes wrong', async () => {
    const { server, lines } = await openLogged(engine, { APP_DEBUG: 'true', LIMITS_VALUE_BYTES: '1000' });
    const login = { username: 'ann', password: SECRETS.password };
    await server.request('POST', '/register', login);
    await server.request('POST', '/register', login);
    const client = { ...login, client_id: SECRETS.client };
    const tokens: string[] = [];
    for (let i = 0; i < 2; i++) tokens.push((await server.request('POST', '/token', client)).json.token.token);
    const [replaced = '', good = ''] = tokens;

    for (const token of [replaced, good, 'me']) await useBadly(server, token, good);
    await logInBadly(server);
    server.clock.advance(3_600_000);
    await server.request('POST', '/token', login);
    await failBadly(server, login);

    expect(lines.length).toBeGreaterThan(60);
    const text = inspect(lines, { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true });
    for (const secret of [...tokens, ...Object.values(SECRETS)]) expect(text.includes(secret)).toBe(false);
  });
});

/** Every kind of request with the token, most of them wrong in some way. */
async function useBadly({ url }: TestServer, token: string, bearer: string): Promise<void> {
  const { key, value } = SECRETS;
  const headers = { Authorization: `Bearer ${bearer}`, 'X-Forwarded-For': value, 'User-Agent': value, Cookie: value };
  for (const [method, sub, body] of [
    ['POST', `/store/${key}`, `{"value":"${value}"}`],
    ['POST', `/store/${key}`, `{"value":{"${value}":["${value}"]}}`],
    ['POST', `/store/${key}`, `{"value":"${value}`],
    ['POST', `/store/${key}`, `{"value":"${value}\\ud800"}`],
    ['POST', `/store/${key}`, `{"value":"${value.repeat(50)}"}`],
    ['POST', `/store/${key}`, `{"value":"${value.repeat(5000)}"}`],
    ['POST', `/store/${key}!`, `{"value":"${value}"}`],
    ['GET', `/store/${key}`],
    ['GET', `/store/${key}%zz`],
    ['GET', `/keys?prefix=${key}`],
    ['GET', `/keys?prefix=${key}!&cursor=${key}`],
    ['GET', `/keys?cursor=${value}`],
    ['PUT', `/store/${key}`, `{"value":"${value}"}`],
    ['GET', `/${key}/unknown`],
    ['GET', ''],
    ['POST', '/renew', `{"${value}":`],
  ] as const) {
    await rawRequest(url, { method, path: `/user/${token}${sub}`, headers, ...(body && { body }) });
  }
}

/** Wrong passwords until they are not even looked at, and bodies that are broken. */
async function logInBadly(server: TestServer): Promise<void> {
  const wrong = { username: 'ann', password: SECRETS.wrong };
  for (let i = 0; i < 4; i++) {
    await server.request('POST', '/token', wrong);
    await server.request('DELETE', '/unregister', wrong);
  }
  await server.request('POST', '/token', `{"username":"ann","password":"${SECRETS.wrong}"`);
  await server.request('POST', '/register', { ...wrong, password: SECRETS.wrong.repeat(100) });
}

/** Requests while the server has a bug, and while it has no storage. */
async function failBadly(server: TestServer, login: object): Promise<void> {
  const { key, value } = SECRETS;
  const { token } = (await server.request('POST', '/token', login)).json.token;
  const { storage } = server.core;
  const working = storage.collection;
  storage.collection = () => {
    throw new TypeError('a bug');
  };
  await server.request('POST', `/user/${token}/store/${key}`, { value });
  await server.request('POST', '/token', login);
  storage.collection = working;
  await storage.close();
  await server.request('POST', `/user/${token}/store/${key}`, { value });
  await server.request('POST', '/token', login);
}
