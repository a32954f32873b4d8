import fc from 'fast-check';
import { expect } from 'vitest';
import { type Engine, forEachEngine } from '../support/engines.ts';
import { type Program, type ServerProcess, type Settings, test } from '../support/process.ts';
import { newVisitor } from '../web/visitor.ts';

/** Two server processes on the same data. */
async function pair(
  program: Program,
  engine: Engine,
  settings: Settings = {},
): Promise<readonly [ServerProcess, ServerProcess]> {
  const options = { settings: { ...program.place(engine), ...settings } };
  return [await program.start(options), await program.start(options)];
}

function tally(values: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

forEachEngine('two processes on the same data', engine => {
  /** The test server of MongoDB's protocol is slow: it gets fewer rounds of the same. */
  const rounds = engine.name === 'embedded' ? 200 : 60;
  const unthrottled = { SECURITY_THROTTLE: 'false' };

  test('refuse a replaced token at once, whichever replaced it', async ({ program }) => {
    const [one, two] = await pair(program, engine, unthrottled);
    await one.register('ann');
    let old = await one.token('ann', 'laptop');
    const wrong: string[] = [];
    for (let i = 0; i < rounds; i++) {
      const [issuer, other] = i % 2 ? [one, two] : [two, one];
      const warm = await other.request('GET', `/user/${old}/keys`);
      const token = await issuer.token('ann', 'laptop');
      const [refused, taken] = await Promise.all([
        other.request('GET', `/user/${old}/keys`),
        other.request('GET', `/user/${token}/keys`),
      ]);
      const statuses = [warm.status, refused.status, taken.status].join();
      if (statuses !== '200,403,200') wrong.push(`round ${i}: ${statuses}`);
      old = token;
    }
    expect(wrong).toEqual([]);
  });

  test('refuse a revoked token at once, and all of an account that was ended', async ({ program }) => {
    const [one, two] = await pair(program, engine, unthrottled);
    for (let i = 0; i < rounds / 10; i++) {
      await one.register('ann');
      const [laptop, phone] = [await one.token('ann', 'laptop'), await two.token('ann', 'phone')];
      expect((await one.request('DELETE', `/user/${laptop}`)).status).toBe(200);
      expect((await two.request('GET', `/user/${laptop}`)).status).toBe(403);
      const ann = { username: 'ann', password: 's3cret' };
      expect((await two.request('DELETE', '/unregister', ann)).status).toBe(200);
      expect((await one.request('GET', `/user/${phone}`)).status).toBe(403);
      expect((await one.request('POST', '/token', ann)).status).toBe(403);
    }
  });

  test('show at once, on the pages of a year of punches, what the other has stored, changed or deleted', async ({
    program,
  }) => {
    const [one, two] = await pair(program, engine);
    await one.register('ann');
    const Authorization = `Bearer ${await one.token('ann')}`;
    const visitors = [newVisitor(one), newVisitor(two)] as const;
    for (const visitor of visitors) {
      await visitor.visit('/login');
      await visitor.submit('/login', { username: 'ann', password: 's3cret' });
    }
    const idOf = (i: number) => `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    const day = (i: number) => Date.UTC(2026, 0, 1 + 11 * (i % 4), 12);
    const wrong: string[] = [];
    for (let i = 0; i < rounds / 10; i++) {
      const [writer, reader] = i % 2 ? [one, visitors[1]] : [two, visitors[0]];
      const id = idOf(i % 3);
      const project = `project-${i}`;
      const punch = { id, project, in: day(i), out: day(i) + 3_600_000, updated: Date.now() + 1000 * i };
      const [path, body] = i % 5 === 4 ? ['delete', { ids: [id] }] : ['upload', { punches: [punch] }];
      const { status } = await writer.request('POST', `/api/v1/punches/${path}`, body, { Authorization });
      const { text } = await reader.visit('/punches?from=2026-01-01&to=2026-12-31');
      const isListed = text.includes(`/punches/${id}`) && text.includes(project);
      if (status !== 204 || isListed !== (path === 'upload')) wrong.push(`round ${i}: ${path} ${status}`);
      if (path === 'delete' && text.includes(`/punches/${id}`)) wrong.push(`round ${i}: still there`);
    }
    expect(wrong).toEqual([]);
  });

  test('read at once what the other has written, overwritten or deleted', async ({ program }) => {
    const [one, two] = await pair(program, engine);
    await one.register('ann');
    const token = await one.token('ann');
    const wrong: string[] = [];
    for (let i = 0; i < rounds; i++) {
      const [writer, reader] = i % 2 ? [one, two] : [two, one];
      const key = `key${i % 7}`;
      const path = `/user/${token}/store/${key}`;
      await reader.request('GET', path);
      const removes = i % 5 === 4;
      if (removes) await writer.request('DELETE', path);
      else await writer.request('POST', path, { value: `${i}` });
      const [{ status, text }, list] = await Promise.all([
        reader.request('GET', path),
        reader.request('GET', `/user/${token}/keys`),
      ]);
      const found = [status, status === 200 && text, list.json.keys.includes(key)].join();
      const expected = removes ? '404,false,false' : `200,{"value":"${i}"},true`;
      if (found !== expected) wrong.push(`round ${i}: ${found} instead of ${expected}`);
    }
    expect(wrong).toEqual([]);
  });

  test('are one at every step of a random history', async ({ program }) => {
    const both = await pair(program, engine, unthrottled);
    await both[0].register('ann');
    let token = await both[0].token('ann');
    const stored = new Map<string, string>();
    const steps = fc.record({
      by: fc.nat(1),
      key: fc.constantFrom('a', 'b', 'c'),
      what: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('write', 'delete') }, fc.constant('token')),
    });
    const play = async (server: ServerProcess, key: string, what: string): Promise<number> => {
      const path = `/user/${token}/store/${key}`;
      if (what === 'write') {
        stored.set(key, `${Math.random()}`);
        return (await server.request('POST', path, { value: stored.get(key) })).status;
      }
      if (what === 'delete') {
        const { status } = await server.request('DELETE', path);
        return status === (stored.delete(key) ? 200 : 404) ? 200 : status;
      }
      const old = token;
      token = await server.token('ann');
      const answers = await Promise.all(both.map(each => each.request('GET', `/user/${old}`)));
      return answers.every(({ status }) => status === 403) ? 200 : 0;
    };
    const seen = async (server: ServerProcess, key: string) => {
      const { status, json } = await server.request('GET', `/user/${token}/store/${key}`);
      return status === 404 ? undefined : json.value;
    };
    const histories = fc.array(steps, { minLength: 10, maxLength: 20 });
    const whole = fc.asyncProperty(histories, async history => {
      for (const { by, key, what } of history) {
        expect(await play(both[by === 0 ? 0 : 1], key, what)).toBe(200);
        for (const server of both) {
          for (const name of ['a', 'b', 'c']) expect(await seen(server, name)).toBe(stored.get(name));
        }
      }
    });
    await fc.assert(whole, { numRuns: engine.name === 'embedded' ? 8 : 2, endOnFailure: true });
  });

  test('let exactly one of many registrations of a name win', async ({ program }) => {
    const both = await pair(program, engine);
    for (let round = 0; round < 10; round++) {
      const username = `name${round}`;
      const attempts = Array.from({ length: 8 }, async (_, i) => {
        const password = `password${i}`;
        const { status } = await both[i % 2 === 0 ? 0 : 1].request('POST', '/register', { username, password });
        return { status, password };
      });
      const answers = await Promise.all(attempts);
      expect(tally(answers.map(({ status }) => status)), username).toEqual({ 200: 1, 409: 7 });
      const winner = answers.find(({ status }) => status === 200)?.password;
      await Promise.all(both.map(server => server.token(username, 'laptop', winner)));
    }
  });

  test('leave exactly one of many tokens that one client asks for at once', async ({ program }) => {
    const both = await pair(program, engine);
    await both[0].register('ann');
    for (let round = 0; round < 3; round++) {
      const tokens = await Promise.all(
        Array.from({ length: 16 }, (_, i) => both[i % 2 === 0 ? 0 : 1].token('ann', 'laptop')),
      );
      for (const server of both) {
        const alive = await Promise.all(tokens.map(token => server.request('GET', `/user/${token}`)));
        expect(tally(alive.map(({ status }) => status))).toEqual({ 200: 1, 403: 15 });
      }
    }
  });

  test('count wrong passwords together', async ({ program }) => {
    const both = await pair(program, engine);
    await both[0].register('ann');
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const guess = { username: 'ann', password: `guess${i}` };
        return (await both[i % 2 === 0 ? 0 : 1].request('POST', '/token', guess)).status;
      }),
    );
    expect(tally(statuses)).toEqual({ 403: 5, 429: 7 });
    for (const server of both) {
      const right = await server.request('POST', '/token', { username: 'ann', password: 's3cret' });
      expect(right.status).toBe(429);
      expect(Number(right.headers.get('Retry-After'))).toBeGreaterThan(800);
    }
  });
});

forEachEngine('two incompatible programs in one folder', () => {
  test('do not spoil it: the older one stops writing and says why', async ({ program }) => {
    const older = await program.start();
    await older.register('ann');
    const token = await older.token('ann');
    const newer = await program.start({ settings: { STORE_STORE_COLLECTION: 'entries' } });
    const path = `/user/${token}/store/greeting`;
    const refused = await older.request('POST', path, { value: 'hello' });
    expect([refused.status, refused.json.code]).toEqual([503, 'storage_unavailable']);
    expect(refused.json.error).toMatch(/another version.*restart/);
    expect((await newer.request('POST', path, { value: 'hello' })).status).toBe(200);
    await older.stop();
    const again = await program.start();
    expect((await again.request('POST', path, { value: 'again' })).status).toBe(200);
  });
}, ['embedded']);
