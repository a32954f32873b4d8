import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer } from '../../support/served.ts';
import { newAccount } from './open-keybin.ts';

const options = {
  SECURITY_FAILURES_PER_PAIR: '2',
  SECURITY_PAIR_WINDOW: '10',
  SECURITY_FAILURES_PER_ADDRESS: '5',
  SECURITY_ADDRESS_WINDOW: '60',
};

forEachEngine('answers of routes that check passwords', engine => {
  test('say how many wrong ones may still come, by the nearest limit', async () => {
    const { server } = await openServer(engine, { options });
    const right = await newAccount(server);
    const wrong = { ...right, password: 'wrong' };
    const asked = async (body: object) => {
      const { status, headers } = await server.request('POST', '/token', body);
      return [status, headers.get('RateLimit-Policy'), headers.get('RateLimit'), headers.get('Retry-After')];
    };
    const pair = '"failures";q=2;w=10';
    const address = '"failures";q=5;w=60';
    expect(await asked(right)).toEqual([200, pair, '"failures";r=2;t=10', null]);
    expect(await asked(wrong)).toEqual([403, pair, '"failures";r=1;t=10', null]);
    server.clock.advance(4000);
    expect(await asked(wrong)).toEqual([403, pair, '"failures";r=0;t=6', null]);
    expect(await asked(right)).toEqual([429, pair, '"failures";r=0;t=6', '6']);
    for (const username of ['nobody', 'somebody']) expect((await asked({ ...wrong, username }))[0]).toBe(403);
    expect(await asked({ ...wrong, username: 'anybody' })).toEqual([403, address, '"failures";r=0;t=56', null]);
  });
});
