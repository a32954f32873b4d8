import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import { valueUser } from './values-support.ts';

const TEN_YEARS = 315_576_000;

forEachEngine('expiry of values', engine => {
  const served = sharedServer(engine);

  test('takes a value from every API at its moment', async () => {
    const own = await openServer(engine);
    const user = await valueUser(own);
    const { clock } = own.opened;
    const ends = new Date(clock.now() + 60_000).toISOString();
    const put = await user.put('k', 'x', {}, '?ttl=60');
    expect(put.headers.get('keybin-expires-at')).toBe(ends);
    expect((await user.get('k')).headers.get('keybin-expires-at')).toBe(ends);
    expect((await user.info('k')).json.expires_at).toBe(ends);
    clock.advance(59_999);
    expect((await user.get('k')).status).toBe(200);
    clock.advance(1);
    expect([(await user.get('k')).status, (await user.original('k')).status]).toEqual([404, 404]);
    expect((await user.put('k', 'x', { 'If-None-Match': '*' })).status).toBe(201);
  });

  test('may be a moment, and is not inherited', async () => {
    const user = await valueUser(served);
    const ends = new Date(served.opened.clock.now() + 3_600_000);
    const at = ends.toISOString().replace('Z', '-00:00').replace('T', 't');
    const put = await user.put('k', 'x', {}, `?expires_at=${encodeURIComponent(at)}`);
    expect([put.status, put.headers.get('keybin-expires-at')]).toEqual([201, ends.toISOString()]);
    const again = await user.put('k', 'y');
    expect(again.headers.get('keybin-expires-at')).toBeNull();
    expect((await user.info('k')).json.expires_at).toBeNull();
  });

  test('is changed without sending the value', async () => {
    const user = await valueUser(served);
    const put = await user.put('k', 'x', { 'Content-Type': 'text/plain', 'Keybin-Meta-a': 'b' });
    const touched = await user.touch('k', { ttl: 60 });
    const ends = new Date(served.opened.clock.now() + 60_000).toISOString();
    expect([touched.status, touched.json.expires_at, touched.json.meta]).toEqual([200, ends, { a: 'b' }]);
    expect(touched.json.etag).not.toBe(put.headers.get('etag'));
    const never = await user.touch('k', { ttl: null }, { 'If-Match': touched.json.etag });
    expect([never.json.expires_at, never.json.content_type, never.json.size]).toEqual([null, 'text/plain', 1]);
    expect((await user.get('k')).text).toBe('x');
  });

  test.each([
    ['ttl=0', 'ttl_invalid'],
    ['ttl=-1', 'ttl_invalid'],
    ['ttl=1.5', 'ttl_invalid'],
    ['ttl=', 'ttl_invalid'],
    [`ttl=${TEN_YEARS + 1}`, 'ttl_invalid'],
    ['ttl=99999999999999999999', 'ttl_invalid'],
    ['ttl=1&ttl=2', 'ttl_invalid'],
    ['expires_at=2020-01-01T00:00:00Z', 'expires_at_invalid'],
    ['expires_at=2999-01-01T00:00:00Z', 'expires_at_invalid'],
    ['expires_at=tomorrow', 'expires_at_invalid'],
    ['expires_at=2030-13-01T00:00:00Z', 'expires_at_invalid'],
    ['expires_at=2030-02-29T00:00:00Z', 'expires_at_invalid'],
    ['expires_at=2030-04-31T12:00:00%2B01:00', 'expires_at_invalid'],
    ['expires_at=2030-01-01T24:00:00Z', 'expires_at_invalid'],
    ['ttl=5&expires_at=2030-01-01T00:00:00Z', 'expires_at_invalid'],
    ['ttI=5', 'field_unknown'],
  ])('cannot be %s', async (query, code) => {
    const user = await valueUser(served);
    const { status, json } = await user.put('k', 'x', {}, `?${query}`);
    expect([status, json.code]).toEqual([400, code]);
  });

  test('is at least a second and at most ten years', async () => {
    const user = await valueUser(served);
    for (const ttl of [1, TEN_YEARS]) expect((await user.put('k', 'x', {}, `?ttl=${ttl}`)).status).toBeLessThan(300);
    const codes = [];
    for (const body of [{}, { ttl: 0 }, { ttl: '60' }, { ttl: TEN_YEARS + 1 }, { ttl: 1, tll: 1 }]) {
      codes.push((await user.touch('k', body)).json.code);
    }
    expect(codes).toEqual(['ttl_invalid', 'ttl_invalid', 'ttl_invalid', 'ttl_invalid', 'field_unknown']);
  });
});
