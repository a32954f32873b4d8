import { expect, test } from 'vitest';
import { passwordChange } from '../../../src/core/access/credentials.ts';
import { authenticate } from '../../../src/core/access/login.ts';
import { clientIdOf, issueToken, renewToken, resolveToken, revokeToken } from '../../../src/core/access/tokens.ts';
import { register, unregister } from '../../../src/core/accounts/accounts.ts';
import { type AccountDoc, accountsSpec, tokensSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { sha256Hex } from '../../../src/core/ids.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { intercept } from '../intercept.ts';
import { HERE, openCore, outcomes, tally } from '../open-core.ts';

async function openWithAccount(engine: Engine) {
  const opened = await openCore(engine);
  return { ...opened, account: await register(opened.core, 'ann', 's3cret', HERE) };
}

async function liveTokens(core: Core): Promise<number> {
  return core.storage.collection(tokensSpec).count({});
}

/** What an API that changes passwords does: the mark first, the tokens after. */
async function changePassword(core: Core, account: AccountDoc): Promise<void> {
  const accounts = core.storage.collection(accountsSpec);
  await accounts.update([account.user_id], passwordChange(core, 'plain:other'));
  await core.storage.collection(tokensSpec).deleteMany({ prefix: [account.user_id] });
}

forEachEngine('tokens', engine => {
  test('a token opens its account until the millisecond it expires', async () => {
    const { core, clock, account } = await openWithAccount(engine);
    const issued = await issueToken(core, account, 'laptop');
    expect(issued.expireSeconds).toBe(300);
    expect(issued.expiresAt.getTime()).toBe(clock.now() + 300_000);
    expect(issued.token).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await resolveToken(core, issued.token)).toMatchObject({ user_id: account.user_id, slot: 'c:laptop' });
    clock.advance(299_999);
    await resolveToken(core, issued.token);
    clock.advance(1);
    expect(await outcomes([resolveToken(core, issued.token)])).toEqual(['token_invalid']);
  });

  test('only the hash of a token is stored', async () => {
    const { core, account } = await openWithAccount(engine);
    const { token } = await issueToken(core, account);
    const stored = await core.storage.collection(tokensSpec).get([account.user_id, 'c:default']);
    expect(stored?.hash).toBe(sha256Hex(token));
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  test('a new token replaces the one of the same client, and no other', async () => {
    const { core, account } = await openWithAccount(engine);
    const ids = ['a', 'b', undefined, 'a'];
    const tokens = [];
    for (const id of ids) tokens.push((await issueToken(core, account, id)).token);
    expect(await outcomes(tokens.map(token => resolveToken(core, token)))).toEqual(['token_invalid', 'ok', 'ok', 'ok']);
  });

  test('of 20 tokens that one client asks for at once, from two processes, exactly one survives', async () => {
    const { core, another, account } = await openWithAccount(engine);
    const other = another();
    const issued = await Promise.all(
      Array.from({ length: 20 }, (_, i) => issueToken(i % 2 ? core : other, account, 'laptop')),
    );
    const alive = await outcomes(issued.map(({ token }) => resolveToken(core, token)));
    expect(tally(alive)).toEqual({ ok: 1, token_invalid: 19 });
    expect(await liveTokens(core)).toBe(1);
  });

  test('renewing keeps the token and gives it the full lifetime of now', async () => {
    const { core, clock, settings, account } = await openWithAccount(engine);
    const { token } = await issueToken(core, account);
    clock.advance(200_000);
    settings.tokenExpiration = 600;
    const renewed = await renewToken(core, await resolveToken(core, token));
    expect(renewed).toEqual({ expireSeconds: 600, expiresAt: new Date(clock.now() + 600_000) });
    clock.advance(599_999);
    const doc = await resolveToken(core, token);
    clock.advance(1);
    expect(await outcomes([renewToken(core, doc)])).toEqual(['token_invalid']);
  });

  test('a revoked or replaced token is dead, and ending it again touches no other', async () => {
    const { core, account } = await openWithAccount(engine);
    const old = await resolveToken(core, (await issueToken(core, account)).token);
    const present = await issueToken(core, account);
    expect(await outcomes([renewToken(core, old)])).toEqual(['token_invalid']);
    await revokeToken(core, old);
    const doc = await resolveToken(core, present.token);
    await revokeToken(core, doc);
    await revokeToken(core, doc);
    expect(await outcomes([resolveToken(core, present.token), renewToken(core, doc)])).toEqual([
      'token_invalid',
      'token_invalid',
    ]);
  });

  test.each([
    ['unregistered', (core: Core, account: AccountDoc) => unregister(core, account)],
    ['given another password', changePassword],
  ])('a login that races with the account being %s leaves no living token, whatever comes first', async (_, end) => {
    const order = ['before put', 'after put', 'before get', 'after get'];
    for (const moment of order) {
      const { core, another, account } = await openWithAccount(engine);
      let ended = false;
      const storage = intercept(core.storage, async ({ collection, method, when }) => {
        const watched = (collection === 'tokens' && method === 'put') || (collection === 'users' && method === 'get');
        if (!watched || ended || `${when} ${method}` !== moment) return;
        ended = true;
        await end(core, account);
      });
      const [result] = await Promise.allSettled([issueToken(another(storage), account)]);
      expect(ended).toBe(true);
      expect(await liveTokens(core), moment).toBe(0);
      if (moment === 'after get') continue; // the answer was on its way; its token is dead all the same
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'credentials_invalid' } });
    }
  });
});

forEachEngine(
  'rules of tokens',
  engine => {
    test('what does not look like a token is refused as a wrong one is, without a look-up', async () => {
      const { core, another, account } = await openWithAccount(engine);
      const { token } = await issueToken(core, account);
      let lookups = 0;
      const storage = intercept(core.storage, async ({ when }) => {
        if (when === 'before') lookups++;
      });
      const watched = another(storage);
      const malformed = [
        '',
        'me',
        token.toUpperCase(),
        ` ${token}`,
        `${token}\n`,
        token.slice(1),
        `${token}0`,
        'ü'.repeat(36),
      ];
      const attempts = malformed.map(text => resolveToken(watched, text));
      expect(tally(await outcomes(attempts))).toEqual({ token_invalid: malformed.length });
      expect(lookups).toBe(0);
      const unknown = '0b3c7c6e-0f4e-4a53-8f0a-3c0a1f7d7f11';
      const errors = await Promise.allSettled([resolveToken(watched, unknown), resolveToken(watched, 'me')]);
      const [one, two] = errors.map(result => result.status === 'rejected' && String(result.reason));
      expect(one).toBe(two);
    });

    test('no client id, null and the empty one are the client "default"', async () => {
      const { core, account } = await openWithAccount(engine);
      const tokens = [];
      for (const id of [undefined, null, '', 'default']) tokens.push((await issueToken(core, account, id)).token);
      const docs = await Promise.allSettled(tokens.map(token => resolveToken(core, token)));
      expect(docs.map(doc => doc.status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
      expect(docs.map(doc => doc.status === 'fulfilled' && clientIdOf(doc.value))[3]).toBe('default');
    });

    test.each(['laptop', 'a\0b', '\0', ':', '\u{1f511}'.repeat(128), '\n'])('the client id %j comes back', async id => {
      const { core, account } = await openWithAccount(engine);
      const { token } = await issueToken(core, account, id);
      await issueToken(core, account, `${id.slice(0, 2)}\0`);
      expect(clientIdOf(await resolveToken(core, token))).toBe(id);
    });

    test('a client id that breaks the rules gets no token', async () => {
      const { core, account } = await openWithAccount(engine);
      const attempts = ['a'.repeat(129), '\ud800'].map(id => issueToken(core, account, id));
      expect(await outcomes(attempts)).toEqual(['client_id_invalid', 'client_id_invalid']);
    });

    test('a blocked account gets no token, though its password was right a moment ago', async () => {
      const { core, account } = await openWithAccount(engine);
      await authenticate(core, { username: 'ann', password: 's3cret', address: '192.0.2.1' });
      await core.storage.collection(accountsSpec).update([account.user_id], { set: { blocked_at: new Date(0) } });
      expect(await outcomes([issueToken(core, account)])).toEqual(['credentials_invalid']);
      expect(await liveTokens(core)).toBe(0);
    });
  },
  ['embedded'],
);
