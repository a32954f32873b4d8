import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, sharedServer } from '../../support/served.ts';
import { valueUser, valueUserWith } from './values-support.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const MOST = Number.MAX_SAFE_INTEGER;

forEachEngine('counters', engine => {
  const served = sharedServer(engine);

  test('begin with initial + by, and go on from there', async () => {
    const user = await valueUser(served);
    const first = await user.incr('a');
    expect([first.status, first.json.value, first.json.key]).toEqual([200, 1, 'a']);
    expect(first.headers.get('etag')).toBe(first.json.etag);
    expect((await user.incr('a', { by: -3, initial: 100 })).json.value).toBe(-2);
    expect((await user.incr('b', { by: 5, initial: 10 })).json.value).toBe(15);
    expect((await user.incr('a', { by: 2 })).json.value).toBe(0);
    const { text, headers } = await user.get('a');
    expect([text, headers.get('content-type')]).toEqual(['0', 'application/json']);
    expect((await user.original('b')).text).toBe('{"value":15}');
  });

  test('end only as it was said when they began', async () => {
    const user = await valueUser(served);
    const ends = new Date(served.opened.clock.now() + 60_000).toISOString();
    expect((await user.incr('a', { ttl: 60 })).json.expires_at).toBe(ends);
    expect((await user.incr('a', { ttl: 900 })).json.expires_at).toBe(ends);
    await user.put('b', '1', { ...JSON_TYPE, 'Keybin-Meta-x': 'y' });
    expect((await user.incr('b', { ttl: 60 })).json).toMatchObject({ value: 2, expires_at: null, meta: { x: 'y' } });
  });

  test('are whatever is a canonical integer, the numbers of the original API among it', async () => {
    const user = await valueUser(served);
    await user.setOriginal('o', 41);
    expect((await user.incr('o')).json.value).toBe(42);
    expect((await user.original('o')).json).toEqual({ value: 42 });
    await user.put('t', '5', { 'Content-Type': 'text/plain' });
    expect((await user.incr('t')).json).toMatchObject({ value: 6, content_type: 'text/plain' });
    expect((await user.original('t')).json).toEqual({ value: '6' });
    await user.put('b', '-3');
    expect((await user.incr('b')).json).toMatchObject({ value: -2, content_type: 'application/octet-stream' });
    for (const text of ['"5"', '05', '5.0', '1e3', '-0', '+1', ' 5', '5\n', '', 'null', 'abc']) {
      await user.put('n', text, JSON_TYPE);
      const refused = await user.incr('n');
      expect([text, refused.status, refused.json.code]).toEqual([text, 409, 'not_an_integer']);
      expect((await user.get('n')).text).toBe(text);
    }
    await user.setOriginal('s', '5');
    expect((await user.incr('s')).json.code).toBe('not_an_integer');
  });

  test('stay where JSON integers are exact', async () => {
    const user = await valueUser(served);
    expect((await user.incr('a', { by: MOST })).json.value).toBe(MOST);
    const over = await user.incr('a');
    expect([over.status, over.json.code]).toEqual([409, 'out_of_range']);
    expect((await user.incr('a', { by: -MOST })).json.value).toBe(0);
    expect((await user.incr('a', { by: -MOST })).json.value).toBe(-MOST);
    expect((await user.incr('a', { by: -1 })).json.code).toBe('out_of_range');
    await user.put('b', '9007199254740993', JSON_TYPE);
    expect((await user.incr('b', { by: -5 })).json.code).toBe('out_of_range');
    const codes = [];
    for (const body of [{ by: 1.5 }, { by: '1' }, { initial: 2 ** 53 }, { ttl: 0 }, { step: 1 }]) {
      codes.push((await user.incr('c', body)).json.code);
    }
    expect(codes).toEqual(['by_invalid', 'by_invalid', 'initial_invalid', 'ttl_invalid', 'field_unknown']);
  });

  test('add all that is asked for at once, at two processes', async () => {
    const user = await valueUser(served);
    const other = valueUserWith(user.token, user.accountId, (await anotherServer(served)).url);
    const sums = await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? other : user).incr('n')));
    expect(new Set(sums.map(({ json }) => json.value))).toEqual(new Set(Array.from({ length: 200 }, (_, i) => i + 1)));
    expect((await user.get('n')).text).toBe('200');
  });
});

forEachEngine(
  'a thousand counts at once',
  engine => {
    const served = sharedServer(engine);
    test('add a thousand', async () => {
      const user = await valueUser(served);
      await Promise.all(Array.from({ length: 1000 }, () => user.incr('n')));
      expect((await user.get('n')).text).toBe('1000');
    });
  },
  ['embedded'],
);
