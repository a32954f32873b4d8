import { expect, test } from 'vitest';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { BROWSER, signIn } from './accounts/open-accounts.ts';
import { demand, newAccount, PASSWORD, pairedDevice, ROOMY } from './open-verstak.ts';

/** Every path, with its methods as `Allow` has them. */
const PATHS = [
  ['/api/client/pair', 'POST'],
  ['/api/v1/device/register', 'POST'],
  ['/api/auth/test', 'POST'],
  ['/api/client/me', 'GET, HEAD'],
  ['/api/client/revoke-current', 'POST'],
  ['/api/client/revoke-device', 'POST'],
  ['/api/v1/auth/register', 'POST'],
  ['/api/v1/auth/confirm', 'GET, HEAD, POST'],
  ['/api/v1/auth/login', 'POST'],
  ['/api/v1/auth/forgot', 'POST'],
  ['/api/v1/auth/reset', 'POST'],
  ['/api/v1/user/devices', 'GET, HEAD'],
  ['/api/v1/user/devices/x/revoke', 'POST'],
] as const;

/** Paths that take a body without a credential, with their fields. */
const OPEN = [
  ['/api/client/pair', ['login', 'password', 'device_name', 'client_version', 'vault_id']],
  ['/api/v1/device/register', ['name', 'username', 'password', 'vault_id']],
  ['/api/auth/test', ['username', 'password']],
  ['/api/v1/auth/register', ['username', 'email', 'password']],
  ['/api/v1/auth/confirm', ['token']],
  ['/api/v1/auth/login', ['username', 'password']],
  ['/api/v1/auth/forgot', ['email']],
  ['/api/v1/auth/reset', ['token', 'new_password']],
] as const;

forEachEngine('every error of the Verstak API', engine => {
  const served = sharedServer(engine, { options: { ...ROOMY, VERSTAK_BODY_BYTES: '65536' } });
  const post = (path: string, body: unknown, headers?: Record<string, string>) =>
    served.server.request('POST', path, body, headers);

  /** A session and a device to reach the routes that want one. */
  async function credentials() {
    const session = await signIn(served.server);
    const device = await pairedDevice(served.server, { account: session.account });
    return [
      ['/api/client/revoke-device', device.headers],
      [`/api/v1/user/devices/${device.deviceId}/revoke`, session.headers],
    ] as const;
  }

  test('trap 3: is JSON of less than 500 bytes, for browsers too', async () => {
    const long = 'ä'.repeat(4_000);
    for (const headers of [{}, BROWSER]) {
      for (const [path, fields] of OPEN) {
        const bodies = ['{', `"${long}"`, { [long]: 1, [fields[0]]: 7 }, ...fields.map(field => ({ [field]: long }))];
        for (const body of bodies) {
          const answer = await post(path, body, headers);
          if (path === '/api/v1/auth/forgot' && answer.status === 200) continue;
          expect(answer.status, `${path} ${answer.text}`).toBeGreaterThanOrEqual(400);
          expect(Object.keys(answer.json).sort()).toEqual(['code', 'error']);
          expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
          expect(Buffer.byteLength(answer.text)).toBeLessThan(500);
        }
      }
    }
  });

  test('of an unknown path is 404, of another method 405 before any credential is looked at', async () => {
    const { server } = served;
    for (const path of ['/api/client/nothing', '/api/v1/auth', '/api/v1/user/devices/', `/api/${'x'.repeat(4000)}`]) {
      const answer = demand(await server.request('GET', path, undefined, BROWSER), 404);
      expect(answer.json.code).toBe('not_found');
      expect(answer.text.length).toBeLessThan(500);
    }
    for (const [path, allow] of PATHS) {
      const wrong = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter(method => !allow.includes(method));
      for (const method of wrong) {
        const answer = demand(await server.request(method, path, undefined, BROWSER), 405);
        expect([answer.headers.get('Allow'), answer.json.code]).toEqual([allow, 'method_not_allowed']);
      }
    }
  });

  test('of a body that is no JSON object, or has fields of other types, is invalid_json', async () => {
    const paths = [...OPEN, ...(await credentials()).map(([path, headers]) => [path, ['password'], headers] as const)];
    for (const [path, fields, headers] of paths) {
      const bodies = ['', ' ', '{', '{"a":}', 'nonsense', '[]', '[{}]', 'null', '7', '"text"', 'a=1&b=2', "{'a':1}"];
      const wrong = fields.flatMap(field =>
        [7, 1.5, true, [], {}, ['x'], { $gt: '' }].map(value => ({ [field]: value })),
      );
      for (const body of [...bodies, ...wrong, `{"${fields[0]}":"\\ud800"}`]) {
        const { json } = demand(await post(path, body, headers), 400);
        expect(json.code, `${path} ${JSON.stringify(body)}`).toBe('invalid_json');
      }
      const bytes = await rawRequest(served.server.url, {
        method: 'POST',
        path,
        headers,
        body: Buffer.from([0x22, 0xff, 0x22]),
      });
      expect([bytes.status, bytes.json.code]).toEqual([400, 'invalid_json']);
    }
  });

  test('of a second value behind the JSON is trailing_json', async () => {
    const paths = [...OPEN, ...(await credentials()).map(([path, headers]) => [path, ['password'], headers] as const)];
    for (const [path, , headers] of paths) {
      for (const body of ['{}{}', '{} {"a":1}', '{"a":"}{"} x', ' {}\n[]', '{"a":{"b":"\\""}}1']) {
        const { json } = demand(await post(path, body, headers), 400);
        expect(json.code, `${path} ${body}`).toBe('trailing_json');
      }
    }
  });

  test('of a body over the limit is request_too_large, and one of that length is read', async () => {
    const paths = [...OPEN, ...(await credentials()).map(([path, headers]) => [path, ['password'], headers] as const)];
    for (const [path, , headers] of paths) {
      expect(demand(await post(path, `{}${' '.repeat(16_383)}`, headers), 413).json.code).toBe('request_too_large');
      const read = await post(path, `\ufeff{}${' '.repeat(16_379)}`, headers);
      expect(read.json.code).toBe(path === '/api/v1/device/register' ? 'unauthorized' : 'invalid_request');
    }
  });

  test('is none of what a client adds: other fields, another content type, spaces, nulls', async () => {
    const { username } = await newAccount(served.server);
    const body = { login: username, password: PASSWORD, device_name: null, client_version: null, vault_id: null };
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', '', 'nonsense']) {
      const text = ` \n${JSON.stringify({ ...body, more: { a: [1.5, null] } })}\t `;
      demand(await post('/api/client/pair', text, { 'Content-Type': type }), 200);
    }
    demand(await post('/api/client/pair', `{"__proto__":{"x":1},${JSON.stringify(body).slice(1)}`), 200);
    expect(demand(await post('/api/client/pair', '{"__proto__":{"login":"a","password":"b"}}'), 400).json.code).toBe(
      'invalid_request',
    );
  });

  test('says nothing of what is inside', async () => {
    const { server } = served;
    const { headers } = await pairedDevice(server);
    for (const device_id of ['$where', '../../etc/passwd', "' or 1=1", '\0']) {
      const { text } = demand(await post('/api/client/revoke-device', { device_id, password: PASSWORD }, headers), 404);
      expect(text).toBe('{"error":"there is no such device","code":"not_found"}');
    }
    // A server in trouble.
    const collection = server.core.storage.collection;
    server.core.storage.collection = () => {
      throw new Error('secret detail at /srv/keybin');
    };
    try {
      const answer = await post('/api/client/pair', { login: 'a', password: 'b' });
      expect([answer.status, answer.json]).toEqual([500, { error: 'Internal server error', code: 'internal_error' }]);
    } finally {
      server.core.storage.collection = collection;
    }
  });
});
