import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { tokensSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { accountOf, newAccount, newToken, newUser, statuses, TOKEN_REFUSED, tally } from './open-keybin.ts';

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

forEachEngine('POST /token', engine => {
  const keybin = sharedServer(engine);
  const status = async (token: string) => (await keybin.server.request('GET', `/user/${token}/keys`)).status;

  test('gives a UUID and the whole lifetime in seconds', async () => {
    const login = await newAccount(keybin.server);
    const answer = await keybin.server.request('POST', '/token', login);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ token: { token: expect.stringMatching(UUID_V4), expire_seconds: 300 } });
  });

  test('takes the lifetime from the configuration', async () => {
    const { server } = await openServer(engine, { options: { STORE_TOKEN_EXPIRATION: '7' } });
    const answer = await server.request('POST', '/token', await newAccount(server));
    expect(answer.json.token.expire_seconds).toBe(7);
  });

  test('replaces the token of the client: the old one is refused from then on', async () => {
    const login = await newAccount(keybin.server);
    const first = await newToken(keybin.server, login, 'laptop');
    expect(await status(first)).toBe(200);
    const second = await newToken(keybin.server, login, 'laptop');
    const refused = await keybin.server.request('GET', `/user/${first}/keys`);
    expect([refused.status, refused.json]).toEqual([403, TOKEN_REFUSED]);
    expect(await status(second)).toBe(200);
  });

  test('leaves the tokens of other clients and of other accounts alone', async () => {
    const login = await newAccount(keybin.server);
    const other = await newAccount(keybin.server);
    const kept = [
      await newToken(keybin.server, login, 'laptop'),
      await newToken(keybin.server, login, 'Laptop'),
      await newToken(keybin.server, login, 'laptop '),
      await newToken(keybin.server, other, 'phone'),
    ];
    await newToken(keybin.server, login, 'phone');
    await newToken(keybin.server, login, 'phone');
    for (const token of kept) expect(await status(token)).toBe(200);
  });

  test('takes an absent, a null and an empty client_id for the client "default"', async () => {
    const login = await newAccount(keybin.server);
    let before: string | undefined;
    for (const client of [{}, { client_id: null }, { client_id: '' }, { client_id: 'default' }]) {
      const answer = await keybin.server.request('POST', '/token', { ...login, ...client });
      expect(answer.status).toBe(200);
      if (before !== undefined) expect(await status(before)).toBe(403);
      before = answer.json.token.token as string;
      const { json } = await keybin.server.request('GET', `/user/${before}`);
      expect(json.client_id).toBe('default');
    }
  });

  test.each([
    'x',
    'x'.repeat(128),
    '😀'.repeat(128),
    'c:default',
    '__proto__',
    '$gt',
    'null',
    ' ',
    'a\nb',
    'a\0b',
    '\0',
    'a/b?c=d#e',
  ])('takes the client_id %j and gives it back', async client_id => {
    const login = await newAccount(keybin.server);
    const plain = await newToken(keybin.server, login);
    const token = await newToken(keybin.server, login, client_id);
    expect((await keybin.server.request('GET', `/user/${token}`)).json.client_id).toBe(client_id);
    expect(await status(plain)).toBe(200);
    await newToken(keybin.server, login, client_id);
    expect(await status(token)).toBe(403);
  });

  test('keeps client_ids apart that differ behind a U+0000', async () => {
    const login = await newAccount(keybin.server);
    const tokens = [];
    for (const id of ['a', 'a\0', 'a\0b', 'a\0c']) tokens.push(await newToken(keybin.server, login, id));
    for (const token of tokens) expect(await status(token)).toBe(200);
  });

  test.each([
    ['129 characters', 'x'.repeat(129)],
    ['129 code points', '😀'.repeat(129)],
    ['a lone surrogate', '\ud800'],
    ['a number', 5],
    ['false', false],
    ['zero', 0],
    ['an operator', { $gt: '' }],
    ['a list', ['laptop']],
  ])('refuses %s as client_id with 400', async (_, client_id) => {
    const login = await newAccount(keybin.server);
    const answer = await keybin.server.request('POST', '/token', { ...login, client_id });
    expect([answer.status, answer.json.code]).toEqual([400, 'client_id_invalid']);
    expect(answer.json.error).not.toBe('');
  });

  test('asked 8 times at once for one client leaves exactly one live token', async () => {
    const login = await newAccount(keybin.server);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => keybin.server.request('POST', '/token', { ...login, client_id: 'laptop' })),
    );
    expect(answers.map(answer => answer.status)).toEqual(Array(8).fill(200));
    const tokens = answers.map(answer => answer.json.token.token as string);
    expect(new Set(tokens).size).toBe(8);
    const alive = await statuses(tokens.map(token => keybin.server.request('GET', `/user/${token}`)));
    expect(tally(alive)).toEqual({ 200: 1, 403: 7 });
  });

  test('never leaves a client without a live token while it replaces one', async () => {
    const login = await newAccount(keybin.server);
    for (let round = 0; round < 5; round++) {
      const [token] = await Promise.all([newToken(keybin.server, login), newToken(keybin.server, login, 'other')]);
      expect(await status(token)).toBe(200);
    }
  });

  test('stores only the SHA-256 of the token', async () => {
    const { login, token } = await newUser(keybin.server);
    const { user_id } = await accountOf(keybin, login.username);
    const { items } = await keybin.opened.storage.collection(tokensSpec).scan({ prefix: [user_id], limit: 10 });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      user_id,
      slot: 'c:default',
      hash: createHash('sha256').update(token).digest('hex'),
      created_at: expect.any(Date),
      expires_at: expect.any(Date),
    });
    expect(JSON.stringify(items)).not.toContain(token);
  });
});
