import { expect } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { test } from '../support/process.ts';
import { slowClient } from './slow-client.ts';

forEachEngine('the log', engine => {
  test('names routes by their patterns and accounts by their ids, and holds no token, password, name, key or value', async ({
    program,
  }) => {
    const jwt = { SIMPLE_SYNC_JWT_SECRET: 'secret'.repeat(6) };
    const server = await program.start({ settings: { ...program.place(engine), ...jwt, APP_DEBUG: 'true' } });
    const ann = { username: 'ann-secret', password: 'password-secret' };
    await server.request('POST', '/register', ann);
    await server.request('POST', '/register', ann);
    await server.request('POST', '/register', { username: ann.username, password: 5 });
    await server.request('POST', '/register', `{"username":"ann-secret","password":"password-secret`);
    await server.request('POST', '/token', { ...ann, password: 'wrong-secret' });
    await server.request('POST', '/token', { ...ann, client_id: ['client-secret'] });
    await server.request('POST', '/token', { ...ann, client_id: 'client-secret\ud800' });
    const token = await server.token(ann.username, 'client-secret', ann.password);
    const bearer = { Authorization: `Bearer ${token}` };
    for (const [method, path, body] of [
      ['POST', `/user/${token}/store/key.secret`, { value: 'value-secret' }],
      ['POST', `/user/${token}/store/key.secret`, '{"value":"value-secret'],
      ['POST', `/user/${token}/store/key.secret`, '\xff{"value":"value-secret"}'],
      ['GET', `/user/${token}/store/key.secret`],
      ['GET', `/user/${token}/store/other.secret?value-secret`],
      ['GET', `/user/${token}/store/%zz-secret`],
      ['GET', `/user/${token}/keys?prefix=key.secret&limit=value-secret`],
      ['GET', `/user/${token}`],
      ['GET', `/user/${token}/`],
      ['GET', `/user/${token}/nothing`],
      ['PUT', `/user/${token}/keys`],
      ['GET', `/user/${token.toUpperCase()}/keys`],
      ['GET', `//user/${token}/keys`],
      ['POST', `/user/${token}/renew`],
      ['DELETE', `/user/${token}/store/key.secret`],
    ] as const) {
      await server.request(method, path, body);
      await server.request(method, path.replace(token, 'me'), body, bearer);
    }
    const broken = await slowClient(server.url);
    broken.send(`GET /user/${token}/keys HTTP/9.9\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await broken.ended;
    await server.request('DELETE', `/user/${token}`);
    await server.request('GET', `/user/${token}/keys`);
    await server.request('DELETE', '/unregister', ann);
    await server.stop();
    const output = server.stdout + server.stderr;
    expect(output.toLowerCase()).not.toContain(token);
    expect(output).not.toContain('secret');
    const requests = server.log.filter(line => line.msg === 'request');
    const stored = requests.find(line => line.method === 'POST' && line.route === '/user/:token/store/:key');
    expect(stored).toMatchObject({ status: 200, ms: expect.any(Number) });
    expect(stored).toMatchObject({
      id: expect.stringMatching(/^[\w-]{11}-[0-9a-z]+$/),
      account: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(server.log.filter(line => line.level >= 40)).toEqual([]);
  });
});
