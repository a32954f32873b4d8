import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { valueUser } from './values-support.ts';

forEachEngine('conditions of v2', engine => {
  const served = sharedServer(engine);

  test('let a change through only where they name what is there', async () => {
    const user = await valueUser(served);
    const first = (await user.put('k', '1')).headers.get('etag') ?? '';
    const stale = await user.put('k', '2', { 'If-Match': '"other"' });
    expect([stale.status, stale.json.code, stale.json.details, stale.headers.get('etag')]).toEqual([
      412,
      'precondition_failed',
      { current_etag: first },
      first,
    ]);
    expect((await user.put('k', '2', { 'If-Match': `W/${first}` })).status).toBe(412);
    expect((await user.put('k', '2', { 'If-Match': `"other" ,, ${first}` })).status).toBe(204);
    expect((await user.put('k', '3', { 'If-Match': first })).status).toBe(412);
    expect((await user.put('k', '3', { 'If-Match': '*' })).status).toBe(204);
    expect((await user.put('k', '4', { 'If-None-Match': '*' })).status).toBe(412);
    expect((await user.put('k', '4', { 'If-None-Match': first })).status).toBe(204);
    expect((await user.get('k')).text).toBe('4');
  });

  test('hold for every route, on a key that is absent too', async () => {
    const user = await valueUser(served);
    const wanted = { 'If-Match': '*' };
    const absent = [
      await user.put('none', 'x', wanted),
      await user.get('none', wanted),
      await user.info('none', wanted),
      await user.del('none', wanted),
      await user.touch('none', { ttl: 1 }, wanted),
      await user.incr('none', {}, wanted),
    ];
    expect(absent.map(({ status }) => status)).toEqual([412, 412, 412, 412, 412, 412]);
    expect(
      absent.every(({ json, headers }) => json.details?.current_etag === undefined && headers.get('etag') === null),
    ).toBe(true);
    const without = [await user.get('none'), await user.del('none'), await user.touch('none', { ttl: 1 })];
    expect(without.map(({ status }) => status)).toEqual([404, 404, 404]);
    await user.incr('n');
    const stale = { 'If-Match': '"stale"' };
    const refused = [
      await user.get('n', stale),
      await user.info('n', stale),
      await user.del('n', stale),
      await user.touch('n', { ttl: 1 }, stale),
      await user.incr('n', {}, stale),
    ];
    expect(refused.map(({ status }) => status)).toEqual([412, 412, 412, 412, 412]);
    expect((await user.incr('n', {}, { 'If-None-Match': '*' })).status).toBe(412);
    expect((await user.incr('m', {}, { 'If-None-Match': '*' })).status).toBe(200);
  });

  test('spare whoever has the value already from reading it', async () => {
    const user = await valueUser(served);
    const etag = (await user.put('k', 'x')).headers.get('etag') ?? '';
    const known = await user.get('k', { 'If-None-Match': `"other", W/${etag}` });
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await user.info('k', { 'If-None-Match': '*' })).status).toBe(304);
    expect((await user.get('k', { 'If-None-Match': '"other"' })).text).toBe('x');
    expect((await user.get('k', { 'If-Match': etag, Range: 'bytes=0-' })).status).toBe(206);
  });

  test.each(['x', '"a" "b"', 'W"a"', '"a', ',', `"a"${' '.repeat(10_000)}x`])('are refused as %j', async tag => {
    const user = await valueUser(served);
    const match = await user.put('k', 'x', { 'If-Match': tag });
    const noneMatch = await user.get('k', { 'If-None-Match': tag });
    expect([match.json.code, noneMatch.json.code]).toEqual(['if_match_invalid', 'if_none_match_invalid']);
  });

  test('let exactly one of many writers with the same condition win', async () => {
    const user = await valueUser(served);
    for (const start of ['', 'x']) {
      const etag = start && ((await user.put('k', start)).headers.get('etag') ?? '');
      const condition: Record<string, string> = etag ? { 'If-Match': etag } : { 'If-None-Match': '*' };
      const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => user.put('k', `${i}`, condition)));
      const won = answers.filter(({ status }) => status < 300);
      expect([won.length, answers.filter(({ status }) => status === 412).length]).toEqual([1, 19]);
      const { headers, text } = await user.get('k');
      expect([headers.get('etag'), text]).toEqual([
        won[0]?.headers.get('etag'),
        String(answers.indexOf(won[0] as never)),
      ]);
    }
  });
});
