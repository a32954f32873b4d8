import { expect, test } from 'vitest';
import { exchange } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newName, sharedServer } from '../../support/served.ts';

/** What `requests` of Python sends, to the byte. */
function fromPython(method: string, path: string, json?: string): string {
  const body = json ?? '';
  const type = json === undefined ? '' : 'Content-Type: application/json\r\n';
  return (
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: python-requests/2.18.4\r\n` +
    `Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `${type}\r\n${body}`
  );
}

forEachEngine("the original's Python client", engine => {
  const keybin = sharedServer(engine);

  async function send(method: string, path: string, json?: string) {
    const { text, statuses } = await exchange(keybin.server.url, fromPython(method, path, json));
    expect(statuses).toHaveLength(1);
    const body = Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'latin1').toString();
    return { status: statuses[0], json: JSON.parse(body) };
  }

  /** It asks for a new token before every call. */
  async function token(username: string, client = 'null'): Promise<string> {
    const body = `{"username": "${username}", "password": "s3cret", "client_id": ${client}}`;
    const answer = await send('POST', '/token', body);
    expect(answer.status).toBe(200);
    return answer.json.token.token;
  }

  async function register(): Promise<string> {
    const name = newName();
    const answer = await send('POST', '/register', `{"username": "${name}", "password": "s3cret"}`);
    expect(answer).toEqual({ status: 200, json: { result: 'ok' } });
    return name;
  }

  test('registers, stores, reads, lists and unregisters with a new token before every call', async () => {
    const name = await register();
    const stored = await send('POST', `/user/${await token(name)}/store/greeting`, '{"value": "hello"}');
    expect(stored).toEqual({ status: 200, json: { result: 'ok' } });
    expect(await send('GET', `/user/${await token(name)}/store/greeting`)).toEqual({
      status: 200,
      json: { value: 'hello' },
    });
    expect(await send('GET', `/user/${await token(name)}/keys`)).toEqual({ status: 200, json: { keys: ['greeting'] } });
    const ended = await send('DELETE', '/unregister', `{"username": "${name}", "password": "s3cret"}`);
    expect(ended).toEqual({ status: 200, json: { result: 'ok' } });
  });

  test('reads the token, its lifetime, the keys and the value where they always were', async () => {
    const name = await register();
    const { json } = await send('POST', '/token', `{"username": "${name}", "password": "s3cret", "client_id": null}`);
    expect(json).toEqual({ token: { token: expect.any(String), expire_seconds: 300 } });
  });

  test('writes what is beyond ASCII as escapes, and gets it back', async () => {
    const name = await register();
    const at = `/user/${await token(name)}/store/text`;
    await send('POST', at, '{"value": "\\u041f\\u0440\\u0438\\u0432\\u0435\\u0442 \\ud83d\\ude00\\u0000"}');
    expect((await send('GET', at)).json).toEqual({ value: 'Привет 😀\0' });
  });

  test('stores whatever Python makes JSON of', async () => {
    const name = await register();
    const at = `/user/${await token(name)}/store/dict`;
    await send('POST', at, '{"value": {"a": [1, 2.5, true, null, "x"], "b": {}}}');
    expect((await send('GET', at)).json).toEqual({ value: { a: [1, 2.5, true, null, 'x'], b: {} } });
  });

  test('finds its errors by their status: 403, 404, 409, 400', async () => {
    const name = await register();
    const secret = await token(name);
    const wrong = `{"username": "${name}", "password": "wrong", "client_id": null}`;
    expect((await send('POST', '/token', wrong)).status).toBe(403);
    expect((await send('GET', '/user/0/keys')).status).toBe(403);
    expect((await send('GET', `/user/${secret}/store/unknown`)).status).toBe(404);
    expect((await send('POST', '/register', `{"username": "${name}", "password": "x"}`)).status).toBe(409);
    expect((await send('POST', `/user/${secret}/store/a`, '{}')).status).toBe(400);
    expect((await send('POST', `/user/${secret}/store/a%21`, '{"value": "x"}')).status).toBe(400);
  });

  test('makes the token of one call invalid by the next one of the same client, and not of another', async () => {
    const name = await register();
    const [first, laptop] = [await token(name), await token(name, '"laptop"')];
    const second = await token(name);
    expect((await send('GET', `/user/${first}/keys`)).status).toBe(403);
    expect((await send('GET', `/user/${second}/keys`)).status).toBe(200);
    expect((await send('GET', `/user/${laptop}/keys`)).status).toBe(200);
  });
});
