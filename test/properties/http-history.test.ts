import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Login, newAccount, newToken, newUser } from '../dialects/keybin/open-keybin.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';

const KEYS = ['a', 'a.b', 'a,b', 'A', '_', '0', 'zz', '__proto__'];

const account = fc.constantFrom(0, 1);
const key = fc.constantFrom(...KEYS);
const value = fc
  .oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary' }).filter(text => text.isWellFormed()),
  )
  .filter(storable);

/** What the API takes: no lone surrogate anywhere. */
function storable(json: unknown): boolean {
  return JSON.stringify(json).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(json));
}

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set' as const), account, key, value }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('get' as const), account, key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), account, key }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('list' as const), account, prefix: fc.constantFrom('', 'a', 'z') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pages' as const), account, limit: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('log in' as const), account }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('renew' as const), account }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('start anew' as const), account }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** An account, what it should hold, and all tokens that were ever given for it. */
interface Player {
  readonly login: Login;
  readonly entries: Map<string, unknown>;
  token: string;
  readonly dead: string[];
}

forEachEngine('a random history of API calls', engine => {
  const keybin = sharedServer(engine);
  const numRuns = engine.name === 'embedded' ? 25 : 6;

  test('by two accounts leaves what a Map for each would hold', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async history => {
        const players = [await join(keybin.server), await join(keybin.server)];
        for (const step of history) await play(keybin.server, players[step.account] as Player, step);
        for (const player of players) await compare(keybin.server, player);
      }),
      { numRuns },
    );
  });

  test('in parallel on different keys loses no update', { timeout: 120_000 }, async () => {
    const write = fc.record({ account, key, value: fc.option(value, { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(write, { maxLength: 12, selector: w => `${w.account} ${w.key}` }), { maxLength: 4 }),
        async rounds => {
          const players = [await join(keybin.server), await join(keybin.server)];
          for (const round of rounds) {
            await Promise.all(
              round.map(({ account, key, value }) =>
                play(
                  keybin.server,
                  players[account] as Player,
                  value === undefined ? { kind: 'delete', account, key } : { kind: 'set', account, key, value },
                ),
              ),
            );
          }
          for (const player of players) await compare(keybin.server, player);
        },
      ),
      { numRuns },
    );
  });

  test('in parallel on one key leaves one of the values that were written last', { timeout: 120_000 }, async () => {
    const { server } = await openServer(engine);
    const { path } = await newUser(server);
    for (let round = 0; round < 10; round++) {
      const values = Array.from({ length: 8 }, (_, i) => `${round}.${i}`);
      const writes = values.map(value => server.request('POST', `${path}/store/a`, { value }));
      const reads = values.map(() => server.request('GET', `${path}/store/a`));
      expect((await Promise.all(writes)).map(answer => answer.status)).toEqual(values.map(() => 200));
      for (const { status, json } of await Promise.all(reads)) {
        if (status === 200) expect([round, round - 1]).toContain(Number(json.value.split('.')[0]));
        else expect([round, status]).toEqual([0, 404]);
      }
      expect(values).toContain((await server.request('GET', `${path}/store/a`)).json.value);
    }
  });
});

async function join(server: TestServer): Promise<Player> {
  const login = await newAccount(server);
  return { login, entries: new Map(), token: await newToken(server, login), dead: [] };
}

/** Makes the call, checks its answer against the model and changes the model. */
async function play(server: TestServer, player: Player, step: Operation): Promise<void> {
  const { entries } = player;
  const path = `/user/${player.token}`;
  switch (step.kind) {
    case 'set':
      expect((await server.request('POST', `${path}/store/${step.key}`, { value: step.value })).status).toBe(200);
      entries.set(step.key, step.value);
      break;
    case 'get': {
      const answer = await server.request('GET', `${path}/store/${step.key}`);
      expect(answer.status).toBe(entries.has(step.key) ? 200 : 404);
      if (entries.has(step.key)) expect(answer.json).toEqual(asJson({ value: entries.get(step.key) }));
      break;
    }
    case 'delete': {
      const { status } = await server.request('DELETE', `${path}/store/${step.key}`);
      expect(status).toBe(entries.delete(step.key) ? 200 : 404);
      break;
    }
    case 'list': {
      const { json } = await server.request('GET', `${path}/keys?prefix=${step.prefix}`);
      expect(json).toEqual({ keys: [...entries.keys()].filter(k => k.startsWith(step.prefix)).toSorted() });
      break;
    }
    case 'pages':
      expect(await listInPages(server, path, step.limit)).toEqual([...entries.keys()].toSorted());
      break;
    default:
      await changeToken(server, player, step.kind);
  }
}

async function changeToken(server: TestServer, player: Player, kind: 'log in' | 'renew' | 'start anew'): Promise<void> {
  if (kind === 'renew') {
    expect((await server.request('POST', `/user/${player.token}/renew`)).json.token.token).toBe(player.token);
    return;
  }
  if (kind === 'start anew') {
    expect((await server.request('DELETE', '/unregister', player.login)).status).toBe(200);
    await newAccount(server, player.login);
    player.entries.clear();
  }
  player.dead.push(player.token);
  player.token = await newToken(server, player.login);
}

async function listInPages(server: TestServer, path: string, limit: number): Promise<string[]> {
  const keys: string[] = [];
  let cursor: string | undefined;
  do {
    const { json } = await server.request('GET', `${path}/keys?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
    keys.push(...json.keys);
    cursor = json.cursor;
  } while (cursor !== undefined && keys.length <= KEYS.length);
  return keys;
}

/** Everything the account holds is what the model holds, and no old token opens it. */
async function compare(server: TestServer, player: Player): Promise<void> {
  await play(server, player, { kind: 'list', account: 0, prefix: '' });
  for (const key of player.entries.keys()) await play(server, player, { kind: 'get', account: 0, key });
  for (const token of player.dead) expect((await server.request('GET', `/user/${token}/keys`)).status).toBe(403);
}

/** As JSON carries it: `undefined` members go, -0 stays. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
