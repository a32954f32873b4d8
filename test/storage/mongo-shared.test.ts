/** Reads and writes that go to MongoDB in one command: which do, and that none has to do with the fate of another. */

import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Collection } from '../../src/storage/port.ts';
import { type CommandProxy, commandProxy } from '../support/commands.ts';
import { type Engine, forEachEngine, mongoUri, needs } from '../support/engines.ts';
import { open, readIds, type Thing, things } from './contract/things.ts';

interface Watched {
  readonly collection: Collection<Thing>;
  readonly proxy: CommandProxy;
  /** Holds the next command of this name back until it is called. */
  hold(name: string): () => void;
}

async function watched(engine: Engine): Promise<Watched> {
  const proxy = await commandProxy(mongoUri());
  onTestFinished(() => proxy.close());
  const { storage } = await open(engine, { host: proxy.uri });
  const hold = (name: string) => {
    let release = () => {};
    let held: Promise<void> | undefined = new Promise<void>(resolve => {
      release = resolve;
    });
    proxy.answer(name, 'things', async (_, forward) => {
      const mine = held;
      held = undefined;
      await mine;
      return forward();
    });
    return release;
  };
  proxy.taken('things');
  return { collection: storage.collection(things), proxy, hold };
}

const thing = (id: string, more: Partial<Thing> = {}): Thing => ({ space: 's', id, ...more });

/** What became of each: `done`, or the error's code. */
async function outcomes(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(calls);
  return results.map(result => (result.status === 'fulfilled' ? 'done' : result.reason.code));
}

forEachEngine(
  'shared commands',
  engine => {
    describe('reads', () => {
      test('that are asked for together are one query, and each has its own answer', async () => {
        const { collection, proxy } = await watched(engine);
        for (let i = 0; i < 20; i++) {
          await collection.insert({ space: `${i % 3}`, id: `${i}`, email: `e${i}`, at: new Date(i) });
        }
        proxy.taken('things');
        const numbers = Array.from({ length: 25 }, (_, i) => i);
        const byKey = await Promise.all(numbers.map(i => collection.get([`${i % 3}`, `${i}`])));
        expect(byKey.map(doc => doc?.at?.getTime())).toEqual(numbers.map(i => (i < 20 ? i : undefined)));
        expect(proxy.taken('things')).toEqual(['find']);
        const byEmail = await Promise.all(numbers.map(i => collection.find('email', [`e${i}`])));
        expect(byEmail).toEqual(byKey);
        expect(proxy.taken('things')).toEqual(['find']);
      });

      test('of one key are asked for once, and one that cannot be a key is refused by itself', async () => {
        const { collection, proxy } = await watched(engine);
        await collection.insert(thing('a'));
        proxy.taken('things');
        const reads = [
          ['s', 'a'],
          ['s', 'a'],
          ['s', 'no'],
          ['s', '\0'],
          ['s', 'x'.repeat(2000)],
        ];
        expect(await outcomes(reads.map(key => collection.get(key)))).toEqual([
          'done',
          'done',
          'done',
          'index_value_invalid',
          'index_value_invalid',
        ]);
        expect(proxy.taken('things')).toEqual(['find']);
      });

      test('of very many keys are a few queries', async () => {
        const { collection, proxy } = await watched(engine);
        await collection.insert(thing('777'));
        proxy.taken('things');
        const docs = await Promise.all(Array.from({ length: 1050 }, (_, i) => collection.get(['s', `${i}`])));
        expect(docs.flatMap((doc, i) => (doc ? [[i, doc.id]] : []))).toEqual([[777, '777']]);
        expect(proxy.taken('things')).toEqual(Array(11).fill('find'));
      });

      test('are all answered when the server gives them in several portions', async () => {
        const { collection, proxy } = await watched(engine);
        for (let i = 0; i < 10; i++) await collection.put(thing(`${i}`, { rank: i }));
        proxy.taken('things');
        proxy.answer('find', 'things', (find, forward) => forward({ ...find, batchSize: 4 }));
        const docs = await Promise.all(Array.from({ length: 12 }, (_, i) => collection.get(['s', `${i}`])));
        expect(docs.map(doc => doc?.rank)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, undefined, undefined]);
      });

      test('that came before a portion was lost keep their answer, and the others are 503', async () => {
        const { collection, proxy } = await watched(engine);
        for (let i = 0; i < 8; i++) await collection.put(thing(`${i}`, { rank: i }));
        proxy.answer('find', 'things', (find, forward) => forward({ ...find, batchSize: 5 }));
        proxy.answer('getMore', 'things', async () => ({ ok: 0, code: 43, errmsg: 'cursor not found' }));
        const results = await outcomes(Array.from({ length: 8 }, (_, i) => collection.get(['s', `${i}`])));
        expect(results.toSorted()).toEqual([...Array(5).fill('done'), ...Array(3).fill('storage_unavailable')]);
      });

      test('are never answered by a query that was sent before they were asked for', async () => {
        const { collection, proxy } = await watched(engine);
        await collection.put(thing('a', { rank: 1 }));
        let release = () => {};
        const held = new Promise<void>(resolve => {
          release = resolve;
        });
        let first = true;
        let sent = () => {};
        const sending = new Promise<void>(resolve => {
          sent = resolve;
        });
        proxy.answer('find', 'things', async (_, forward) => {
          const reply = await forward();
          if (!first) return reply;
          first = false;
          sent();
          await held;
          return reply;
        });
        const before = collection.get(['s', 'a']);
        await sending;
        await collection.put(thing('a', { rank: 2 }));
        expect(await collection.get(['s', 'a'])).toMatchObject({ rank: 2 });
        release();
        expect(await before).toMatchObject({ rank: 1 });
      });

      test('whose query fails are 503, and nobody else’s', async () => {
        const { collection, proxy } = await watched(engine);
        await collection.insert(thing('a', { email: 'e' }));
        proxy.answer('find', 'things', async ({ hint, filter }, forward) =>
          JSON.stringify(hint ?? filter).includes('email') ? { ok: 0, code: 999_999, errmsg: 'new' } : forward(),
        );
        const reads = [
          collection.get(['s', 'a']),
          collection.get(['s', 'b']),
          collection.find('email', ['e']),
          collection.find('email', ['f']),
        ];
        const down = 'storage_unavailable';
        expect(await outcomes(reads)).toEqual(['done', 'done', down, down]);
      });
    });

    describe('writes', () => {
      test('that come while others are under way go together, inserts and puts apart', async () => {
        const { collection, proxy, hold } = await watched(engine);
        const release = hold('update');
        const first = collection.put(thing('first'));
        await expect.poll(() => proxy.taken('things')).toEqual(['update']);
        const others = Array.from({ length: 40 }, (_, i) =>
          i % 2 ? collection.put(thing(`${i}`, { rank: i })) : collection.insert(thing(`${i}`, { rank: i })),
        );
        release();
        await Promise.all([first, ...others]);
        expect(proxy.taken('things').toSorted()).toEqual(['insert', 'update']);
        const docs = await Promise.all(others.map((_, i) => collection.get(['s', `${i}`])));
        expect(docs.map(doc => doc?.rank)).toEqual(others.map((_, i) => i));
      });

      test('to one key are done in the order in which they came', async () => {
        const { collection, hold } = await watched(engine);
        const release = hold('update');
        const calls: Promise<unknown>[] = [collection.put(thing('other'))];
        await pause(50);
        for (let rank = 0; rank < 5; rank++) {
          calls.push(collection.put(thing('a', { rank })), collection.put(thing(`b${rank}`)));
        }
        calls.push(collection.insert(thing('a')), collection.put(thing('a', { rank: 9 })));
        release();
        expect(await outcomes(calls)).toEqual([...Array(11).fill('done'), 'duplicate_key', 'done']);
        expect(await collection.get(['s', 'a'])).toEqual(thing('a', { rank: 9 }));
      });

      test('that a unique index refuses are refused by its name, and those beside them are done', async () => {
        const { collection } = await watched(engine);
        await collection.insert(thing('taken', { email: 'taken' }));
        const calls = Array.from({ length: 30 }, (_, i) => {
          if (i % 10 === 3) return collection.insert(thing(`${i}`, { email: 'taken' }));
          if (i % 10 === 7) return collection.insert(thing('taken', { email: `${i}` }));
          return collection.insert(thing(`${i}`, { email: `${i}` }));
        });
        const results = await Promise.allSettled(calls);
        for (const [i, result] of results.entries()) {
          const index = { 3: 'email', 7: 'primary' }[i % 10];
          expect(result.status === 'rejected' ? result.reason.index : undefined, `${i}`).toBe(index);
        }
        expect(await readIds(collection)).toHaveLength(25);
      });

      test('that may only replace what is as they say go together too, and are refused by themselves', async () => {
        const { collection, proxy } = await watched(engine);
        for (let i = 0; i < 20; i++)
          await collection.insert(thing(`${i}`, { rank: 0, ...(i % 5 === 3 && { note: 'n' }) }));
        proxy.taken('things');
        const over = (from: number, to: number, only = (_: number) => true) => {
          const numbers = Array.from({ length: to - from }, (_, i) => from + i).filter(only);
          return Promise.all(numbers.map(i => collection.put(thing(`${i}`, { rank: i }), { note: undefined })));
        };
        expect(await over(0, 20, i => i % 5 !== 3)).toEqual(Array(16).fill(true));
        expect(proxy.taken('things')).toEqual(['update']);
        const all = await over(0, 25);
        expect(all).toEqual(all.map((_, i) => i >= 20 || i % 5 !== 3));
        const docs = await Promise.all(all.map((_, i) => collection.get(['s', `${i}`])));
        expect(docs.map(doc => doc?.rank)).toEqual(all.map((was, i) => (was ? i : 0)));
      });

      test('that the server refuses by their positions go again alone, and all do when it leaves some out', async () => {
        const { collection, proxy } = await watched(engine);
        const writeErrors = [{ index: 1, code: 11000, errmsg: 'E11000' }];
        let said: object | undefined;
        proxy.answer('update', 'things', async (_, forward) => {
          const instead = said;
          said = undefined;
          return instead ?? forward();
        });
        const putThree = async (answer: object) => {
          said = { ok: 1, writeErrors, ...answer };
          return Promise.all(['a', 'b', 'c'].map(id => collection.put(thing(id), { note: undefined })));
        };
        expect(await putThree({ n: 2, nModified: 2 })).toEqual([true, true, true]);
        expect(await readIds(collection)).toEqual(['b']);
        expect(await putThree({ n: 1, nModified: 1 })).toEqual([true, true, true]);
        expect(await readIds(collection)).toEqual(['a', 'b', 'c']);
      });

      test('of one unique value: one of them is done', async context => {
        needs(context, engine, 'uniqueUpdates');
        const { collection } = await watched(engine);
        const calls = Array.from({ length: 12 }, (_, i) =>
          collection.put(thing(`${i}`, { email: i % 2 ? 'e' : `${i}` })),
        );
        const results = await outcomes(calls);
        expect(results.filter((result, i) => i % 2 === 0 && result === 'done')).toHaveLength(6);
        expect(results.filter((result, i) => i % 2 === 1 && result === 'done')).toHaveLength(1);
        expect(await readIds(collection)).toHaveLength(7);
      });

      test('whose values are held by what has ended are all done', async () => {
        const proxy = await commandProxy(mongoUri());
        onTestFinished(() => proxy.close());
        const { storage, clock } = await open(engine, { host: proxy.uri });
        const collection = storage.collection(things);
        const ends_at = new Date(clock.now() + 1000);
        for (let i = 0; i < 10; i++) await collection.insert({ space: 'old', id: `${i}`, email: `${i}`, ends_at });
        clock.advance(1000);
        await Promise.all(Array.from({ length: 10 }, (_, i) => collection.insert(thing(`${i}`, { email: `${i}` }))));
        expect(await readIds(collection, { index: 'email' })).toHaveLength(10);
      });

      test('whose command fails are 503, and nobody else’s', async () => {
        const { collection, proxy } = await watched(engine);
        proxy.answer('insert', 'things', async () => ({ ok: 0, code: 50, errmsg: 'operation exceeded time limit' }));
        const calls = Array.from({ length: 8 }, (_, i) =>
          i % 2 ? collection.put(thing(`${i}`)) : collection.insert(thing(`${i}`)),
        );
        const down = 'storage_unavailable';
        expect(await outcomes(calls)).toEqual([down, 'done', down, 'done', down, 'done', down, 'done']);
      });

      test('that the majority has not confirmed are 503, all of the command', async () => {
        const { collection, proxy } = await watched(engine);
        const writeConcernError = { code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting timed out' };
        proxy.answer('update', 'things', async () => ({ ok: 1, n: 2, nModified: 2, writeConcernError }));
        const down = 'storage_unavailable';
        const calls = [collection.put(thing('a')), collection.put(thing('b')), collection.insert(thing('c'))];
        expect(await outcomes(calls)).toEqual([down, down, 'done']);
      });

      test('that are refused beside one that is too large are those alone', async () => {
        const { collection } = await watched(engine);
        const note = 'x'.repeat(17 * 1024 * 1024);
        const calls = [
          collection.put(thing('a')),
          collection.put(thing('large', { note })),
          collection.put(thing('b')),
          collection.put(thing('\0')),
        ];
        expect(await outcomes(calls)).toEqual(['done', 'request_too_large', 'done', 'index_value_invalid']);
      });

      test('that are large go in several commands', async () => {
        const { collection, proxy } = await watched(engine);
        proxy.answer('update', 'things', async () => ({ ok: 1, n: 1, nModified: 1 }));
        const note = 'x'.repeat(900_000);
        await Promise.all(Array.from({ length: 6 }, (_, i) => collection.put(thing(`${i}`, { note }))));
        expect(proxy.taken('things')).toEqual(['update', 'update']);
      });

      test('are fewer at once while the server is slow', async () => {
        const { collection, proxy } = await watched(engine);
        let slow = true;
        proxy.answer('update', 'things', async () => {
          if (slow) await pause(1000);
          return { ok: 1, n: 1, nModified: 1 };
        });
        const putMany = () => Promise.all(Array.from({ length: 40 }, (_, i) => collection.put(thing(`${i}`))));
        await putMany();
        slow = false;
        await putMany();
        await putMany();
        expect(proxy.taken('things')).toEqual(Array(4).fill('update')); // 40; 20 and 20; 40
      });

      test('do not wait for a command that is never answered, and what was given up is not done later', async () => {
        const { collection, proxy, hold } = await watched(engine);
        hold('update');
        const first = collection.put(thing('first'));
        await expect.poll(() => proxy.taken('things')).toEqual(['update']);
        const givenUp = collection.put(thing('given-up'));
        await pause(900);
        const later = collection.put(thing('later'));
        const down = 'storage_unavailable';
        expect(await outcomes([first, givenUp, later])).toEqual([down, down, 'done']);
        expect(await collection.get(['s', 'given-up'])).toBeUndefined();
      });
    });
  },
  ['mongodb'],
);
