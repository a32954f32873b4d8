import { hashSync } from 'bcryptjs';
import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newName, openServer } from '../../support/served.ts';
import { accountOf, newAccount, newToken } from './open-keybin.ts';

forEachEngine('a password whose hash has another cost than the configured one', engine => {
  test.each(['4', '6'])('%s is hashed anew at the next login, and what was given out for it goes on', async cost => {
    const old = await openServer(engine, { options: { SECURITY_BCRYPT_COST: cost } });
    const login = await newAccount(old.server, { password: 'a secret'.repeat(cost === '4' ? 1 : 12) });
    const token = await newToken(old.server, login, 'a');
    const { server } = await openServer(engine, { options: { SECURITY_BCRYPT_COST: '5' } });
    const account = await accountOf(old, login.username);
    await server.core.storage.collection(accountsSpec).insert(account);
    const before = await newToken(server, login, 'b');
    const { password, password_version } = await accountOf({ server }, login.username);
    expect(password).toMatch(/\$2b\$05\$/);
    expect(password?.startsWith('sha256:')).toBe(account.password?.startsWith('sha256:'));
    expect(password_version).toBe(account.password_version);
    await newToken(server, login, 'c');
    expect((await server.request('GET', `/user/${before}`)).status).toBe(200);
    expect((await old.server.request('GET', `/user/${token}`)).status).toBe(200);
    expect((await accountOf({ server }, login.username)).password).toBe(password);
  });

  test('goes on to be opened, as by bcrypt, by all that begins with the same 72 bytes', async () => {
    const { server } = await openServer(engine, { options: { SECURITY_BCRYPT_COST: '5' } });
    const username = newName();
    const long = 'é'.repeat(50);
    const account = { user_id: `id of ${username}`, username, password: hashSync(long, 4) };
    await server.core.storage.collection(accountsSpec).insert(account);
    await newToken(server, { username, password: long });
    expect((await accountOf({ server }, username)).password).toMatch(/^\$2b\$05\$/);
    await newToken(server, { username, password: `${'é'.repeat(36)}x` });
    const short = { username, password: 'é'.repeat(35) };
    expect((await server.request('POST', '/token', short)).status).toBe(403);
  });

  test('is not hashed anew by a wrong one', async () => {
    const { server } = await openServer(engine, { options: { SECURITY_BCRYPT_COST: '5' } });
    const username = newName();
    const password = hashSync('right', 4);
    await server.core.storage.collection(accountsSpec).insert({ user_id: `id of ${username}`, username, password });
    expect((await server.request('POST', '/token', { username, password: 'wrong' })).status).toBe(403);
    expect((await accountOf({ server }, username)).password).toBe(password);
  });
});
