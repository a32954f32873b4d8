import { expect, test } from 'vitest';
import { newAccount } from '../dialects/keybin/open-keybin.ts';
import { type Engine, forEachEngine } from '../support/engines.ts';
import { openServer, type Served } from '../support/served.ts';

// Which address the server takes a client for shows in the throttle: one wrong password, and that address is stopped.
const STRICT = { SECURITY_FAILURES_PER_PAIR: '1' };

async function open(engine: Engine, trusted_proxies?: string) {
  const options = { ...STRICT, ...(trusted_proxies && { APP_TRUSTED_PROXIES: trusted_proxies }) };
  const keybin = await openServer(engine, { options });
  return { keybin, login: await newAccount(keybin.server) };
}

/** Statuses of logins with a wrong password, one for each `X-Forwarded-For`. */
async function guesses({ server }: Served, username: string, hops: readonly string[]): Promise<number[]> {
  const answers: number[] = [];
  for (const hop of hops) {
    const body = { username, password: 'wrong' };
    answers.push((await server.request('POST', '/token', body, { 'X-Forwarded-For': hop })).status);
  }
  return answers;
}

forEachEngine('the address of a client', engine => {
  test('is the TCP peer: X-Forwarded-For of a stranger changes nothing', async () => {
    const { keybin, login } = await open(engine);
    expect(await guesses(keybin, login.username, ['198.51.100.1', '198.51.100.2', ''])).toEqual([403, 429, 429]);
  });

  test('is what a trusted proxy says', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1');
    const hops = ['198.51.100.1', '198.51.100.1', '198.51.100.2', '198.51.100.2', '198.51.100.1'];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 403, 429, 429]);
    const elsewhere = await keybin.server.request('POST', '/token', login, { 'X-Forwarded-For': '203.0.113.9' });
    expect(elsewhere.status).toBe(200);
    const stopped = await keybin.server.request('POST', '/token', login, { 'X-Forwarded-For': '198.51.100.1' });
    expect(stopped.status).toBe(429);
  });

  test('is told without the port that some proxies add', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1');
    const hops = [
      '198.51.100.1:80',
      '198.51.100.1:81',
      '198.51.100.1',
      '[2001:db8::1]:80',
      '[2001:db8::1]',
      '2001:db8::1',
    ];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 429, 403, 429, 429]);
  });

  test('is the rightmost one: what the client itself put to the left is not believed', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1');
    const hops = ['192.0.2.1, 198.51.100.1', '192.0.2.2, 198.51.100.1', '192.0.2.3,198.51.100.1'];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 429]);
  });

  test('is the rightmost one that is not itself a trusted proxy, ranges included', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1, 10.0.0.0/8, 2001:db8:ffff::/48');
    const hops = [
      '192.0.2.1, 198.51.100.1, 10.1.2.3',
      '192.0.2.2, 198.51.100.1, 10.9.9.9, 2001:db8:ffff::7',
      '198.51.100.1',
      '192.0.2.9, 11.1.2.3, 10.1.2.3',
    ];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 429, 403]);
  });

  test('is the proxy itself when that says nothing usable', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1');
    const hops = ['', 'unknown', '198.51.100.1, <script>', '999.1.1.1', '127.0.0.1'];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 429, 429, 429]);
  });

  test('of version 6 counts by its /64', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1');
    const hops = [
      '2001:db8:0:1::1',
      '2001:db8:0:1::2',
      '2001:0DB8:0:1:ffff:ffff:ffff:ffff',
      '2001:db8:0:2::1',
      '2001:db8:0:2:1::1',
    ];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 429, 403, 429]);
  });

  test('of version 4 is the same when it is written as version 6', async () => {
    const { keybin, login } = await open(engine, '127.0.0.1');
    const hops = ['198.51.100.1', '::ffff:198.51.100.1', '::ffff:c633:6401', '::ffff:198.51.100.2'];
    expect(await guesses(keybin, login.username, hops)).toEqual([403, 429, 429, 403]);
  });
});
