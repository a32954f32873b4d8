import { expect, test } from 'vitest';
import { setBlocked } from '../../../src/core/accounts/accounts.ts';
import { allOrFirst, type Engine, forEachEngine } from '../../support/engines.ts';
import type { Answer } from '../../support/request.ts';
import { anotherServer, newName, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { confirmedPerson, newPerson, signIn } from './accounts/open-accounts.ts';
import { demand, newAccount, PASSWORD, pairedDevice, ROOMY } from './open-verstak.ts';

const MINUTE = 60_000;

/** Routes that check a password, with their limits. */
const ROUTES = [
  { path: '/api/client/pair', field: 'login', kind: 'PAIR', attempts: 5, minutes: 15 },
  { path: '/api/auth/test', field: 'username', kind: 'TEST', attempts: 10, minutes: 10 },
  { path: '/api/v1/auth/login', field: 'username', kind: 'LOGIN', attempts: 10, minutes: 10 },
] as const;

type Place = (typeof ROUTES)[number];

/** Requests come from any address that they name. */
const PROXIED = { APP_TRUSTED_PROXIES: '127.0.0.1' };

const open = async (engine: Engine, options: Record<string, string> = {}) =>
  (await openServer(engine, { options: { ...PROXIED, ...options } })).server;

let addresses = 0;
const newAddress = () => `198.51.${100 + Math.floor(++addresses / 250)}.${addresses % 250}`;
const from = (address: string) => ({ 'X-Forwarded-For': address });

function attempt(server: TestServer, { path, field }: Place, name = '', password = 'wrong', address = newAddress()) {
  return server.request('POST', path, { [field]: name, password }, from(address));
}

/** The statuses of attempts one after the other. */
async function inTurn(times: number, send: () => Promise<Answer>): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < times; i++) statuses.push((await send()).status);
  return statuses;
}

const many = (times: number, status: number) => Array<number>(times).fill(status);

forEachEngine('guessing a password', engine => {
  test('trap 14: of one account from many addresses ends at the limit of each route, for the right one too', async () => {
    const server = await open(engine);
    const { username, email } = await confirmedPerson(server);
    for (const route of allOrFirst(engine, ROUTES)) {
      const statuses = await inTurn(route.attempts + 1, () => attempt(server, route, username));
      expect(statuses).toEqual([...many(route.attempts, 401), 429]);
      for (const name of [username, email]) {
        const { headers, json } = demand(await attempt(server, route, name, PASSWORD), 429);
        expect(json.code).toBe('rate_limited');
        expect(Number(headers.get('Retry-After'))).toBe(route.minutes * 60);
      }
      demand(await attempt(server, route, (await newAccount(server)).username, PASSWORD), 200);
    }
  });

  test('trap 14: of many accounts from one address ends as well, at every server', async () => {
    const served = await openServer(engine, { options: PROXIED });
    const other = await anotherServer(served, { options: PROXIED });
    const { username } = await newAccount(served.server);
    for (const route of allOrFirst(engine, ROUTES)) {
      const address = newAddress();
      const statuses = await inTurn(route.attempts, () => attempt(served.server, route, newName(), 'wrong', address));
      expect(statuses).toEqual(many(route.attempts, 401));
      demand(await attempt(other, route, username, PASSWORD, address), 429);
      demand(await attempt(other, route, username, PASSWORD), 200);
    }
  });

  test('goes on when the window is over, which refused attempts do not make longer', async () => {
    const server = await open(engine);
    const { username } = await newAccount(server);
    for (const route of allOrFirst(engine, ROUTES)) {
      await inTurn(route.attempts, () => attempt(server, route, username));
      server.clock.advance(route.minutes * MINUTE - 1);
      const { headers } = demand(await attempt(server, route, username, PASSWORD), 429);
      expect(headers.get('Retry-After')).toBe('1');
      server.clock.advance(1);
      demand(await attempt(server, route, username, PASSWORD), 200);
    }
  });

  test('in parallel, at two servers, gets no more answers than the limit', async () => {
    const served = await openServer(engine, { options: PROXIED });
    const other = await anotherServer(served, { options: PROXIED });
    const { username } = await newAccount(served.server);
    const attempts = Array.from({ length: 20 }, (_, i) => attempt(i % 2 ? served.server : other, ROUTES[0], username));
    const statuses = (await Promise.all(attempts)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...many(5, 401), ...many(15, 429)]);
  });

  test('of a name that nobody has is no different, however an e-mail is written', async () => {
    const server = await open(engine);
    const names = ['nobody@example.org', 'NOBODY@example.org', ' Nobody@Example.org '];
    let turn = 0;
    const statuses = await inTurn(6, () => attempt(server, ROUTES[0], names[turn++ % names.length]));
    expect(statuses).toEqual([...many(5, 401), 429]);
    expect(await inTurn(6, () => attempt(server, ROUTES[0], 'nobody'))).toEqual([...many(5, 401), 429]);
  });

  test('counts by itself at each route', async () => {
    const server = await open(engine);
    const { username } = await newAccount(server);
    const address = newAddress();
    const [pair, check, login] = ROUTES;
    await inTurn(pair.attempts, () => attempt(server, pair, username, 'wrong', address));
    demand(await attempt(server, check, username, PASSWORD, address), 200);
    await inTurn(check.attempts, () => attempt(server, check, username, 'wrong', address));
    demand(await attempt(server, login, username, PASSWORD, address), 200);
    demand(await server.request('POST', '/token', { username, password: PASSWORD }, from(address)), 200);
  });

  test('is counted for the address at all APIs together', async () => {
    const server = await open(engine, { SECURITY_FAILURES_PER_ADDRESS: '12' });
    const { username = '' } = await newAccount(server);
    const address = newAddress();
    const [, check, login] = ROUTES;
    expect(await inTurn(5, () => attempt(server, check, newName(), 'wrong', address))).toEqual(many(5, 401));
    expect(await inTurn(5, () => attempt(server, login, newName(), 'wrong', address))).toEqual(many(5, 401));
    const keybin = (name: string, password: string) =>
      server.request('POST', '/token', { username: name, password }, from(address));
    expect(await inTurn(3, () => keybin(newName(), 'wrong'))).toEqual([403, 403, 429]);
    demand(await keybin(username, PASSWORD), 429);
    for (const route of allOrFirst(engine, ROUTES))
      demand(await attempt(server, route, username, PASSWORD, address), 429);
    for (const route of allOrFirst(engine, ROUTES)) demand(await attempt(server, route, username, PASSWORD), 200);
  });
});

forEachEngine('revoking a device', engine => {
  const revocations = async (server: TestServer) => {
    const device = await pairedDevice(server);
    const session = await signIn(server, device.account);
    const atDevice = (password: string, address: string) =>
      server.request(
        'POST',
        '/api/client/revoke-device',
        { device_id: device.deviceId, password },
        { ...device.headers, ...from(address) },
      );
    const atPage = (password: string, address: string) =>
      server.request(
        'POST',
        `/api/v1/user/devices/${device.deviceId}/revoke`,
        { password },
        { ...session.headers, ...from(address) },
      );
    return { device, atDevice, atPage };
  };

  test('takes ten wrong passwords from one address, on both ways together, then none for ten minutes', async () => {
    const server = await open(engine);
    const { atDevice, atPage } = await revocations(server);
    const [thief, owner] = [newAddress(), newAddress()];
    expect(await inTurn(5, () => atDevice('wrong', thief))).toEqual(many(5, 403));
    expect(await inTurn(5, () => atPage('wrong', thief))).toEqual(many(5, 403));
    for (const send of [atDevice, atPage]) {
      expect(demand(await send(PASSWORD, thief), 429).json.code).toBe('rate_limited');
    }
    expect(demand(await atDevice('wrong', owner), 403).json.code).toBe('forbidden');
    server.clock.advance(10 * MINUTE);
    demand(await atDevice(PASSWORD, thief), 200);
  });

  test('is not kept from the owner by strangers who fail at logins, not even from the same address', async () => {
    const server = await open(engine, { SECURITY_FAILURES_PER_ADDRESS: '12' });
    const { device, atPage } = await revocations(server);
    const address = newAddress();
    const { username } = device.account;
    for (const route of allOrFirst(engine, ROUTES)) {
      await inTurn(route.attempts, () => attempt(server, route, username));
      await inTurn(route.attempts, () => attempt(server, route, username, 'wrong', address));
      demand(await attempt(server, route, username, PASSWORD, address), 429);
    }
    demand(await atPage(PASSWORD, address), 200);
  });
});

forEachEngine('a right login', engine => {
  test('is one of twenty at once, which all succeed', async () => {
    // Ten may try at once, of which eight may wait.
    const options = { ...PROXIED, SECURITY_HASH_THREADS: '2' };
    const served = await openServer(engine, { options });
    const other = await anotherServer(served, { options });
    for (const route of allOrFirst(engine, ROUTES)) {
      const { username } = await newAccount(served.server);
      const address = newAddress();
      const attempts = Array.from({ length: 20 }, (_, i) =>
        attempt(i % 2 ? served.server : other, route, username, PASSWORD, address),
      );
      expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual(many(20, 200));
    }
  });

  test('forgets the failures of its account, not those of its address', async () => {
    const server = await open(engine);
    const { username } = await newAccount(server);
    const [pair] = ROUTES;
    const address = newAddress();
    expect(await inTurn(4, () => attempt(server, pair, username, 'wrong', address))).toEqual(many(4, 401));
    demand(await attempt(server, pair, username, PASSWORD, address), 200);
    expect(await inTurn(4, () => attempt(server, pair, username))).toEqual(many(4, 401));
    demand(await attempt(server, pair, username, PASSWORD), 200);
    demand(await attempt(server, pair, newName(), 'wrong', address), 401);
    demand(await attempt(server, pair, username, PASSWORD, address), 429);
  });

  test('leaves no trace at its address, and neither does that of a blocked account', async () => {
    const server = await open(engine);
    const account = await newAccount(server);
    const blocked = await newAccount(server);
    await setBlocked(server.core, blocked, true);
    const address = newAddress();
    for (const route of allOrFirst(engine, ROUTES)) {
      const send = (name: string | undefined) => attempt(server, route, name, PASSWORD, address);
      expect(await inTurn(12, () => send(account.username))).toEqual(many(12, 200));
      expect(await inTurn(12, () => send(blocked.username))).toEqual(many(12, 403));
    }
  });

  test('with a name that is the e-mail of another account is a failure of neither', async () => {
    const server = await open(engine);
    const { email, password } = await confirmedPerson(server);
    const named = { username: email, password: 'of the named one' };
    demand(await server.request('POST', '/register', named), 200);
    const address = newAddress();
    for (const route of allOrFirst(engine, ROUTES)) {
      for (const right of [password, named.password]) {
        const send = () => attempt(server, route, email, right, address);
        expect(await inTurn(12, send)).toEqual(many(12, 200));
      }
      // A wrong one is a failure of both.
      expect(await inTurn(route.attempts, () => attempt(server, route, email))).toEqual(many(route.attempts, 401));
      for (const right of [password, named.password]) demand(await attempt(server, route, email, right), 429);
    }
  });
});

forEachEngine('attempts that count however they end', engine => {
  const register = (server: TestServer, given = {}, address = newAddress()) =>
    server.request('POST', '/api/v1/auth/register', newPerson(given), from(address));
  const forgot = (server: TestServer, email: string, address = newAddress()) =>
    server.request('POST', '/api/v1/auth/forgot', { email }, from(address));
  const reset = (server: TestServer, address: string) =>
    server.request('POST', '/api/v1/auth/reset', { token: '0'.repeat(48), new_password: PASSWORD }, from(address));

  test('are five registrations an hour from one address', async () => {
    const server = await open(engine);
    const address = newAddress();
    expect(await inTurn(3, () => register(server, {}, address))).toEqual(many(3, 200));
    expect(await inTurn(2, () => register(server, { password: 'short' }, address))).toEqual(many(2, 400));
    const { headers } = demand(await register(server, {}, address), 429);
    expect(headers.get('Retry-After')).toBe('3600');
    demand(await register(server), 200);
    server.clock.advance(60 * MINUTE);
    demand(await register(server, {}, address), 200);
  });

  test('are five registrations of one name, in any letter case', async () => {
    const server = await open(engine);
    const username = newName();
    const names = [username, username.toUpperCase()];
    let turn = 0;
    const send = () => register(server, { username: names[turn++ % 2] ?? '' });
    expect(await inTurn(6, send)).toEqual([200, 200, 409, 409, 409, 429]);
  });

  test('are five mails for one e-mail, whether there is such an account or not', async () => {
    const server = await open(engine);
    const { email } = await confirmedPerson(server);
    const before = (await server.mails()).length;
    for (const address of [email, newPerson().email]) {
      const spellings = [address, address.toUpperCase(), ` ${address}`];
      let turn = 0;
      const statuses = await inTurn(6, () => forgot(server, spellings[turn++ % 3] ?? ''));
      expect(statuses).toEqual([...many(5, 200), 429]);
    }
    expect(await server.mails()).toHaveLength(before + 5);
  });

  test('are five mails asked for from one address', async () => {
    const server = await open(engine);
    const address = newAddress();
    const send = () => forgot(server, newPerson().email, address);
    expect(await inTurn(6, send)).toEqual([...many(5, 200), 429]);
  });

  test('are eight tries to set a password from one address', async () => {
    const server = await open(engine);
    const address = newAddress();
    expect(await inTurn(9, () => reset(server, address))).toEqual([...many(8, 400), 429]);
    demand(await reset(server, newAddress()), 400);
  });

  test('at once, at two servers, are not more', async () => {
    const served = await openServer(engine, { options: PROXIED });
    const other = await anotherServer(served, { options: PROXIED });
    const address = newAddress();
    const attempts = Array.from({ length: 20 }, (_, i) => reset(i % 2 ? served.server : other, address));
    const answers = await Promise.all(attempts);
    expect(answers.map(({ status }) => status).sort()).toEqual([...many(8, 400), ...many(12, 429)]);
    for (const { headers } of answers.filter(({ status }) => status === 429)) {
      expect(Number(headers.get('Retry-After'))).toBeGreaterThanOrEqual(1);
    }
  });
});

forEachEngine('limits', engine => {
  test('trap 14: are as the configuration says, also when it changes', async () => {
    const server = await open(engine, { VERSTAK_PAIR_ATTEMPTS: '2', VERSTAK_PAIR_WINDOW: '60' });
    const { username } = await newAccount(server);
    const [pair] = ROUTES;
    expect(await inTurn(3, () => attempt(server, pair, username))).toEqual([401, 401, 429]);
    expect(demand(await attempt(server, pair, username), 429).headers.get('Retry-After')).toBe('60');
    await server.configure({ VERSTAK_PAIR_ATTEMPTS: '4' });
    expect(await inTurn(3, () => attempt(server, pair, username))).toEqual([401, 401, 429]);
    await server.configure(ROOMY);
    expect(await inTurn(20, () => attempt(server, pair, username))).toEqual(many(20, 401));
  });

  test('can be switched off', async () => {
    const server = await open(engine, { SECURITY_THROTTLE: 'false' });
    const { username } = await newAccount(server);
    const address = newAddress();
    for (const route of allOrFirst(engine, ROUTES)) {
      const send = () => attempt(server, route, username, 'wrong', address);
      expect(await inTurn(12, send)).toEqual(many(12, 401));
      demand(await attempt(server, route, username, PASSWORD, address), 200);
    }
    const register = () => server.request('POST', '/api/v1/auth/register', newPerson(), from(address));
    expect(await inTurn(7, register)).toEqual(many(7, 200));
  });

  test('trap 14: believe no header about the address unless a trusted proxy sent it', async () => {
    const { server } = await openServer(engine);
    const [pair] = ROUTES;
    expect(await inTurn(6, () => attempt(server, pair, newName()))).toEqual([...many(5, 401), 429]);
    const behind = await open(engine);
    const spoofed = () => attempt(behind, pair, newName(), 'wrong', `${newAddress()}, 192.0.2.1`);
    expect(await inTurn(6, spoofed)).toEqual([...many(5, 401), 429]);
  });
});
