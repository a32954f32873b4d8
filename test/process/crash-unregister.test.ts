import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { collections } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { accountsSpec, type EntryDoc, entriesSpec } from '../../src/core/collections.ts';
import { openStorage } from '../../src/storage/open.ts';
import type { Storage } from '../../src/storage/port.ts';
import { type Engine, forEachEngine } from '../support/engines.ts';
import { eventually, type Program, type ServerProcess, type Settings, test } from '../support/process.ts';

const ANN = { username: 'ann', password: 's3cret' };
/** Milliseconds within which a kill can be placed. */
const LONG_ENOUGH = 200;
/** Entries that are tried at most for that. */
const MANY = 102_400;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What is left to see of an account, with the moment of the kill anywhere between "not begun" and "answered". */
type Outcome = 'untouched' | 'interrupted' | 'answered';

/** Opens the data beside the server, as one more process. */
async function beside<T>(program: Program, settings: Settings, work: (storage: Storage) => Promise<T>): Promise<T> {
  const host = settings.STORE_HOST ?? `file:${program.folder}/data`;
  const database = settings.STORE_DATABASE ?? 'store';
  const storage = await openStorage({ host, database, names: {}, specs: collections }, systemClock, silent);
  await storage.ready;
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/** Gives ann as many entries as it takes to be caught while they are removed. */
async function fill(storage: Storage, count: number): Promise<void> {
  const account = await storage.collection(accountsSpec).find('username', [ANN.username]);
  const user_id = account?.user_id ?? '';
  const entries = Array.from({ length: count }, (_, i): EntryDoc => {
    return { user_id, key: `key${i}`, value: 'x', etag: 'e', size: 1, created_at: new Date(), updated_at: new Date() };
  });
  for (let i = 0; i < count; i += 100) {
    await Promise.all(entries.slice(i, i + 100).map(entry => storage.collection(entriesSpec).insert(entry)));
  }
}

/** Unregisters ann, kills the process `ms` later, starts another and looks how it ends. */
async function killWhileUnregistering(
  start: () => Promise<ServerProcess>,
  ms: number,
  count: number,
): Promise<{ outcome: Outcome; took: number }> {
  const server = await start();
  const token = await server.token('ann', 'laptop');
  const asked = performance.now();
  let took = Number.POSITIVE_INFINITY;
  const answer = server.request('DELETE', '/unregister', ANN).then(
    ({ status }) => {
      expect(status).toBe(200);
      took = performance.now() - asked;
    },
    () => {},
  );
  await Promise.race([pause(ms), answer]);
  await server.stop('SIGKILL');
  await answer;
  const next = await start();
  const login = await next.request('POST', '/token', ANN);
  if (login.status === 200) {
    expect(took).toBe(Number.POSITIVE_INFINITY);
    const page = await next.request('GET', `/user/${token}/keys`);
    expect(page.json.keys.length).toBe(count);
  } else {
    expect(login.status).toBe(403);
    expect((await next.request('GET', `/user/${token}/keys`)).status).toBe(403);
    // The name is free once everything is gone, and not before.
    await eventually(
      () => next.request('POST', '/register', ANN),
      answer => answer.status === 200,
    );
    const fresh = await next.token('ann');
    expect((await next.request('GET', `/user/${fresh}/keys`)).json).toEqual({ keys: [] });
  }
  await next.stop();
  const outcome = login.status === 200 ? 'untouched' : took < Number.POSITIVE_INFINITY ? 'answered' : 'interrupted';
  return { outcome, took };
}

forEachEngine('an unregistration interrupted by kill -9', engine => {
  test('is either not begun, or finished after the next start', { timeout: 180_000 }, async ({ program }) => {
    const { settings, start, few } = prepare(program, engine);
    const first = await start();
    await first.register('ann');
    await first.stop();
    // How long it takes when nobody interrupts: the kills below come within that time, and it has to be enough for them.
    let count = few;
    let took = 0;
    for (; took < LONG_ENOUGH && count <= MANY; count *= 4) {
      await beside(program, settings, storage => fill(storage, count));
      const whole = await killWhileUnregistering(start, 30_000, count);
      expect(whole.outcome).toBe('answered');
      took = whole.took;
    }
    count /= 4;

    const seen: Outcome[] = [];
    for (const part of [0.5, 0.7, 0.3, 0.85, 0.6, 0.4]) {
      const before = await beside(program, settings, async storage => {
        const left = await storage.collection(entriesSpec).count({});
        if (left === 0) await fill(storage, count);
        return left;
      });
      // Of an account that is gone nothing is left; of an untouched one everything.
      expect([0, count]).toContain(before);
      seen.push((await killWhileUnregistering(start, took * part, count)).outcome);
      if (seen.includes('interrupted')) break;
    }
    expect(seen, 'the kill came in the middle').toContain('interrupted');
  });
});

/** So many entries that removing them may take some tenths of a second. */
function prepare(program: Program, engine: Engine) {
  const settings: Settings = { ...program.place(engine), SECURITY_THROTTLE: 'false' };
  return { settings, start: () => program.start({ settings }), few: engine.name === 'embedded' ? 8_000 : 400 };
}
