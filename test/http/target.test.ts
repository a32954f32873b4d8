import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { openApp, route } from './open-app.ts';
import { exchange, rawRequest } from './raw-request.ts';

const SECRET = 'token-that-nobody-may-read';

/** Sends a request line as it stands, and gives the status and the body of the answer. */
async function ask(url: string, line: string, headers = 'Host: here.example\r\n') {
  const { text, statuses } = await exchange(url, `${line} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  return { statuses, text, json: body === '' ? undefined : JSON.parse(body) };
}

test.each([
  ['GET http://a.example/seen?x=1', '/seen', '?x=1', 'a.example'],
  ['GET HTTP://A.example:8080/seen', '/seen', '', 'A.example:8080'],
  ['GET https://[::1]:5000/seen', '/seen', '', '[::1]:5000'],
  ['GET http://127.0.0.1:/seen', '/seen', '', '127.0.0.1:'],
  ['GET /seen?a?b=?', '/seen', '?a?b=?', 'here.example'],
  ['GET /seen?http://a.example/', '/seen', '?http://a.example/', 'here.example'],
  ['GET /seen?x=%zz&y=%', '/seen', '?x=%zz&y=%', 'here.example'],
])('%s is understood', async (line, path, search, host) => {
  const url = await openApp(
    route('/seen', ctx => {
      ctx.body = [ctx.path, ctx.search, ctx.get('Host')];
    }),
  );
  expect((await ask(url, line)).json).toEqual([path, search, host]);
});

test.each(['GET http://a.example', 'GET http://a.example?x', 'GET /?x'])('%s is the root', async line => {
  const url = await openApp(
    route('/', ctx => {
      ctx.body = { path: ctx.path };
    }),
  );
  expect((await ask(url, line)).json).toEqual({ path: '/' });
});

const broken = [
  `http://[::1/user/${SECRET}/keys`,
  `http://[::1]x/user/${SECRET}/keys`,
  `http://:80/user/${SECRET}/keys`,
  `http:///user/${SECRET}/keys`,
  `http://a.example:port/user/${SECRET}/keys`,
  `http://ann:${SECRET}@a.example/livez`,
  `http://a b.example/user/${SECRET}/keys`,
  `http://a.example\\user\\${SECRET}`,
  `http://a.example/user/${SECRET}#keys`,
  `ftp://a.example/user/${SECRET}/keys`,
  `javascript:${SECRET}`,
  `http:user/${SECRET}`,
  `user/${SECRET}/keys`,
  `\\user\\${SECRET}`,
  `/user/${SECRET}/keys#part`,
  `/user/${SECRET}/\xa0`,
  `/user/${SECRET}/\xff`,
  `/user/${SECRET}/Schlüssel`,
  `/user/${SECRET}/\x7f`,
  `/user/${SECRET}/\0`,
  `/user/${SECRET}/a b`,
  `*${SECRET}`,
  `*`,
  `?${SECRET}`,
  `a.example:80/${SECRET}`,
];

const odd = [
  `//a.example/user/${SECRET}/keys`,
  `/user//${SECRET}//keys`,
  `/\\a.example/${SECRET}`,
  `/user/${SECRET}/../../livez/x`,
  `/user/${SECRET}/%2e%2e/keys/x`,
  `/user/${SECRET}%00/keys`,
  `/user/${SECRET}%/keys`,
  `/user/${SECRET}%ff/keys`,
  `/user/${SECRET}/store/%`,
  `/user/${SECRET}/store/%ed%a0%80`,
  `/${'a/'.repeat(5000)}${SECRET}`,
  `/user/${'%41'.repeat(3000)}${SECRET}/keys`,
  `/user/${SECRET}/keys?${'x&'.repeat(5000)}`,
  `/api/v1/auth/confirm?token=${SECRET}&token=${SECRET}`,
  `/user/${SECRET}/keys?__proto__=x&constructor=y`,
];

forEachEngine('the target of a request', engine => {
  const keybin = sharedServer(engine);

  test.each(broken)('%j is 400', async target => {
    const { statuses, json, text } = await ask(keybin.server.url, `GET ${target}`);
    expect(statuses).toEqual([400]);
    expect(json).toEqual({ error: expect.any(String), code: expect.stringMatching(/^(target|http)_invalid$/) });
    expect(text).not.toContain(SECRET);
  });

  test.each(odd)('%.60s is refused, and the connection goes on', async target => {
    const { status, text } = await rawRequest(keybin.server.url, { path: target });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text).not.toContain(SECRET);
  });

  test.each(['CONNECT a.example:443', 'CONNECT /user/x/keys', `CONNECT ${SECRET}`, 'BREW /livez', 'get /livez'])(
    '%s is 400',
    async line => {
      expect((await ask(keybin.server.url, line)).statuses).toEqual([400]);
    },
  );

  test.each(['TRACE', 'OPTIONS', 'PUT', 'PROPFIND', 'M-SEARCH', 'QUERY'])('with the method %s is 405', async method => {
    const { status, headers } = await rawRequest(keybin.server.url, { method, path: '/livez' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('that is all of the server has no options', async () => {
    expect((await ask(keybin.server.url, 'OPTIONS *')).statuses).toEqual([404]);
  });

  test('never comes into the log, whatever it is', async () => {
    const lines: object[] = [];
    const note = (fields: object, message: string) => void lines.push({ fields, message });
    const log = { debug: note, info: note, warn: note, error: note };
    const { server } = await openServer(engine, { log });
    for (const target of [...broken, ...odd]) await ask(server.url, `GET ${target}`).catch(() => {});
    expect(lines.length).toBeGreaterThan(odd.length);
    const text = inspect(lines, { depth: null, maxArrayLength: null, maxStringLength: null, showHidden: true });
    expect(text).not.toContain(SECRET);
  });
});
