import { hashSync } from 'bcryptjs';
import { expect, test } from 'vitest';
import { accountsSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newName, openServer, sharedServer } from '../../support/served.ts';
import { accountOf, newAccount, newToken } from './open-keybin.ts';

const LONG = 'x'.repeat(72);

forEachEngine('passwords', engine => {
  const keybin = sharedServer(engine, { options: { SECURITY_THROTTLE: 'false' } });

  async function login(username: string, password: string): Promise<number> {
    return (await keybin.server.request('POST', '/token', { username, password })).status;
  }

  /** An account as it lies in the store of the original service. */
  async function foreignAccount(hash: string): Promise<string> {
    const username = newName();
    await keybin.opened.storage
      .collection(accountsSpec)
      .insert({ user_id: `id of ${username}`, username, password: hash });
    return username;
  }

  test.each([
    // Up to here the hash is a plain one, as the original's: bcrypt takes it for whatever continues the password.
    ['72 bytes', LONG, [LONG.slice(1), `${LONG.slice(1)}y`]],
    ['73 bytes', `${LONG}1`, [LONG, `${LONG}2`, `${LONG}11`]],
    ['1024 bytes', `${'x'.repeat(1023)}1`, [LONG, 'x'.repeat(1023), `${'x'.repeat(1023)}2`]],
    ['73 bytes of fewer characters', `${'é'.repeat(36)}1`, ['é'.repeat(36), `${'é'.repeat(36)}2`]],
  ])('of %s are looked at to the last byte', async (_, password, others) => {
    const { username } = await newAccount(keybin.server, { password });
    expect(await login(username, password)).toBe(200);
    for (const other of others) expect(await login(username, other)).toBe(403);
  });

  test.each(['a', 'a\0', 'a\0b', 'a\0a', '\0', '\0a', 'a\0a\0'])('%j: U+0000 does not end it', async password => {
    const { username } = await newAccount(keybin.server, { password });
    for (const tried of ['a', 'a\0', 'a\0b', 'a\0a', 'a\0c', '\0', '\0\0', '\0a', '\0b', 'a\0a\0']) {
      expect([tried, await login(username, tried)]).toEqual([tried, tried === password ? 200 : 403]);
    }
  });

  test.each([
    ['$2b$ of the original', 'Kk4DQuMMfZL9o', '$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm'],
    ['$2a$', 'secret', hashSync('secret', 4).replace('$2b$', '$2a$')],
    ['$2y$', 'secret', hashSync('secret', 4).replace('$2b$', '$2y$')],
    ['not ASCII', 'Паро́ль 😀', hashSync('Паро́ль 😀', 4)],
  ])('open hashes that lie in the store already: %s', async (_, password, hash) => {
    const username = await foreignAccount(hash);
    expect(await login(username, `${password}x`)).toBe(403);
    expect(await login(username, password)).toBe(200);
    expect((await accountOf(keybin, username)).password).toBe(hash);
  });

  test('longer than 72 bytes open a hash of the original as bcrypt does', async () => {
    const username = await foreignAccount(hashSync(LONG, 4));
    expect(await login(username, `${LONG} and what the original cut off`)).toBe(200);
    expect(await login(username, LONG)).toBe(200);
    expect(await login(username, LONG.slice(1))).toBe(403);
  });

  test.each([
    '',
    'secret',
    '$2b$04$short',
    'pbkdf2:sha256:1$x$y',
    '$2x$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm',
  ])('do not open what is no bcrypt hash: %j', async hash => {
    const username = await foreignAccount(hash);
    for (const password of ['secret', hash || 'x', 'Kk4DQuMMfZL9o']) expect(await login(username, password)).toBe(403);
  });

  test('of a blocked account open nothing', async () => {
    const account = await newAccount(keybin.server);
    const { user_id } = await accountOf(keybin, account.username);
    await keybin.opened.storage.collection(accountsSpec).update([user_id], { set: { blocked_at: new Date(0) } });
    expect(await login(account.username, account.password)).toBe(403);
  });

  test('are not kept, neither themselves nor anything but a bcrypt hash of the configured cost', async () => {
    const { server, opened } = await openServer(engine, { options: { SECURITY_BCRYPT_COST: '5' } });
    const short = await newAccount(server, { password: 'a secret to nobody' });
    const long = await newAccount(server, { password: 'a secret to nobody'.repeat(10) });
    const { items } = await opened.storage.collection(accountsSpec).scan({ limit: 10 });
    expect(JSON.stringify(items)).not.toContain('a secret');
    expect((await accountOf({ server }, short.username)).password).toMatch(/^\$2b\$05\$/);
    expect((await accountOf({ server }, long.username)).password).toMatch(/\$2b\$05\$/);
  });

  test('are checked as long for a name that nobody has', async () => {
    const { server } = await openServer(engine, {
      options: { SECURITY_THROTTLE: 'false', SECURITY_BCRYPT_COST: '10' },
    });
    const { username } = await newAccount(server);
    const fastest = async (name: string) => {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < 5; i++) {
        const started = performance.now();
        await server.request('POST', '/token', { username: name, password: 'wrong' });
        best = Math.min(best, performance.now() - started);
      }
      return best;
    };
    const wrong = await fastest(username);
    const unknown = await fastest('nobody');
    expect(unknown / wrong).toBeGreaterThan(1 / 3);
    expect(unknown / wrong).toBeLessThan(3);
  });

  test('reset nothing: an account that has no password hash is opened by none', async () => {
    const username = newName();
    await keybin.opened.storage.collection(accountsSpec).insert({ user_id: `id of ${username}`, username });
    for (const password of ['undefined', 'null', 'x']) expect(await login(username, password)).toBe(403);
    const opened = await newAccount(keybin.server);
    await newToken(keybin.server, opened);
  });
});
