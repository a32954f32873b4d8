import { describe, expect, test } from 'vitest';
import type { Collection } from '../../../src/storage/port.ts';
import type { Engine } from '../../support/engines.ts';
import { lines, open, type Thing, things } from './things.ts';

/** Whether anything was written. */
export function stateContract(engine: Engine): void {
  /** The state, where the engine knows it: MongoDB does not. */
  async function stateOf(collection: Collection<Thing>): Promise<object | undefined> {
    const state = await collection.state();
    if (engine.name === 'embedded') expect(state).toBeDefined();
    else expect(state).toBeUndefined();
    return state;
  }

  const isKnown = engine.name === 'embedded';

  describe('the state of a collection', () => {
    test('is another one after whatever is written', async () => {
      const { storage } = await open(engine);
      const all = storage.collection(things);
      const writes = [
        () => all.insert({ space: 's', id: 'a' }),
        () => all.put({ space: 's', id: 'a', note: 'n' }),
        () => all.update(['s', 'a'], { set: { note: 'm' } }),
        () => all.delete(['s', 'a']),
        () => storage.commit([{ in: things, insert: { space: 's', id: 'b' } }]),
        () => all.deleteMany({ prefix: ['s'] }),
      ];
      for (const write of writes) {
        const before = await stateOf(all);
        await write();
        expect((await stateOf(all)) !== before).toBe(isKnown);
      }
    });

    test('is another one after what another process has written', async () => {
      const { storage, another } = await open(engine);
      const [ours, theirs] = [storage, await another()].map(one => one.collection(things));
      for (let i = 0; i < 5; i++) {
        const before = await stateOf(ours as Collection<Thing>);
        await theirs?.insert({ space: 's', id: `${i}` });
        expect((await stateOf(ours as Collection<Thing>)) !== before).toBe(isKnown);
      }
    });

    test('stays while it is read, and while other collections are written', async () => {
      const { storage } = await open(engine);
      const all = storage.collection(things);
      await all.insert({ space: 's', id: 'a' });
      const before = await stateOf(all);
      await all.scan({ limit: 10 });
      await all.get(['s', 'a']);
      await storage.collection(lines).insert({ book: 'b', number: 1, text: 't' });
      await new Promise(setImmediate);
      expect(await stateOf(all)).toBe(before);
    });
  });
}
