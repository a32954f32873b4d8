import { expect, test } from 'vitest';
import { idempotencySpec } from '../../../src/core/collections.ts';
import { forEachEngine, needs } from '../../support/engines.ts';
import { anotherServer, openServer, sharedServer } from '../../support/served.ts';
import { type ValueAnswer, type ValueUser, valueUser, valueUserWith } from './values-support.ts';

const DAY = 86_400_000;
const once = (key: string, more = {}) => ({ 'Idempotency-Key': key, ...more });
const isReplay = ({ headers }: ValueAnswer) => headers.get('idempotent-replay') === 'true';

forEachEngine('Idempotency-Key', engine => {
  const served = sharedServer(engine);
  const kept = (name: string, run: () => Promise<void>) =>
    test(name, async context => {
      needs(context, engine, 'transactions');
      await run();
    });

  kept('has a request that comes again answered as before, and not done again', async () => {
    const user = await valueUser(served);
    const first = await user.incr('n', { by: 2 }, once('a'));
    const again = await user.incr('n', { by: 2 }, once('a'));
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([200, first.text, first.headers.get('etag')]);
    expect([isReplay(first), isReplay(again)]).toEqual([false, true]);
    expect((await user.get('n')).text).toBe('2');
    const put = await user.put('k', 'x', once('a'), '?ttl=60');
    await user.put('k', 'y');
    const repeated = await user.put('k', 'x', once('a'), '?ttl=60');
    expect([put.status, repeated.status, isReplay(repeated), repeated.text]).toEqual([201, 201, true, '']);
    for (const name of ['etag', 'keybin-expires-at']) expect(repeated.headers.get(name)).toBe(put.headers.get(name));
    expect((await user.get('k')).text).toBe('y');
    const touched = await user.touch('k', { ttl: null }, once('a'));
    expect((await user.touch('k', { ttl: null }, once('a'))).text).toBe(touched.text);
  });

  kept('is another request’s with another body, query or condition', async () => {
    const user = await valueUser(served);
    await user.put('k', 'x', once('a', { 'Content-Type': 'text/plain' }));
    const others = [
      await user.put('k', 'y', once('a', { 'Content-Type': 'text/plain' })),
      await user.put('k', 'x', once('a', { 'Content-Type': 'text/html' })),
      await user.put('k', 'x', once('a', { 'Content-Type': 'text/plain' }), '?ttl=5'),
      await user.put('k', 'x', once('a', { 'Content-Type': 'text/plain', 'If-Match': '*' })),
      await user.put('k', 'x', once('a', { 'Content-Type': 'text/plain', 'Keybin-Meta-A': '1' })),
    ];
    expect(others.map(({ status, json }) => `${status} ${json.code}`)).toEqual(
      others.map(() => '422 idempotency_key_reused'),
    );
  });

  kept('belongs to account, method and path', async () => {
    const [ann, bob] = [await valueUser(served), await valueUser(served)];
    await ann.incr('n', {}, once('a'));
    for (const answer of [
      await bob.incr('n', {}, once('a')),
      await ann.incr('m', {}, once('a')),
      await ann.incr('n', {}, once('A')),
      await ann.touch('n', { ttl: 60 }, once('a')),
    ]) {
      expect([answer.status, isReplay(answer)]).toEqual([200, false]);
    }
    await ann.put('x/y', '1', once('a'));
    expect(isReplay(await ann.put('x%2Fy', '1', once('a')))).toBe(true);
  });

  kept('is forgotten after a day', async () => {
    const own = await openServer(engine, { options: { STORE_TOKEN_EXPIRATION: '999999' } });
    const user = await valueUser(own);
    await user.incr('n', {}, once('a'));
    own.opened.clock.advance(DAY - 1);
    expect(isReplay(await user.incr('n', {}, once('a')))).toBe(true);
    own.opened.clock.advance(1);
    expect((await user.incr('n', { by: 5 }, once('a'))).json.value).toBe(6);
  });

  kept('keeps no refusal', async () => {
    const user = await valueUser(served);
    expect((await user.touch('k', { ttl: 5 }, once('a'))).status).toBe(404);
    await user.put('k', 'x');
    expect((await user.touch('k', { ttl: 5 }, once('a'))).status).toBe(200);
  });

  kept('has one of many at once write, at two processes, and the others answered the same', async () => {
    const user = await valueUser(served);
    const other = valueUserWith(user.token, user.accountId, (await anotherServer(served)).url);
    const deeds: readonly ((by: ValueUser, round: string) => Promise<ValueAnswer>)[] = [
      (by, round) => by.incr(`n${round}`, {}, once(round)),
      (by, round) => by.put(`p${round}`, 'x', once(round, { 'If-None-Match': '*' })),
      (by, round) => by.put(`l${round}`, Buffer.alloc(1_100_000, 1), once(round, { 'If-None-Match': '*' })),
    ];
    for (const [i, deed] of deeds.entries()) {
      for (let round = 0; round < 3; round++) {
        const all = await Promise.all([user, other, user, other, user].map(by => deed(by, `${i}-${round}`)));
        expect(new Set(all.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
        expect(new Set(all.map(({ headers }) => headers.get('etag'))).size).toBe(1);
        expect(all.filter(answer => !isReplay(answer)).length).toBe(1);
      }
    }
    expect((await user.get('n0-0')).text).toBe('1');
  });

  test.each(['', 'a b', 'é', 'k'.repeat(256)])('cannot be %j', async key => {
    const user = await valueUser(served);
    const { status, json } = await user.incr('n', {}, { 'Idempotency-Key': key });
    expect([status, json.code]).toEqual([400, 'idempotency_key_invalid']);
  });

  kept('takes room of the account', async () => {
    const own = await openServer(engine, { options: { LIMITS_ACCOUNT_BYTES: '2000' } });
    const user = await valueUser(own);
    const codes = new Set<string>();
    for (let i = 0; i < 12; i++) codes.add((await user.incr('n', {}, once(`${i}`))).json.code ?? 'ok');
    expect([...codes]).toEqual(['ok', 'quota_exceeded']);
    const { items } = await own.server.core.storage.collection(idempotencySpec).scan({ limit: 100 });
    expect(items.length).toBeLessThan(8);
    expect((await user.get('n')).text).toBe(String(items.length));
  });

  test('is 501 where there are no transactions', async () => {
    const own = await openServer(engine);
    const { storage } = own.server.core;
    Object.defineProperty(storage, 'atomicCommit', { value: false });
    const user = await valueUser(own);
    const { status, json } = await user.incr('n', {}, once('a'));
    expect([status, json.code]).toEqual([501, 'idempotency_unsupported']);
  });
});
